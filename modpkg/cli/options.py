"""What every command is told: where to work, where to keep things, how to answer.

Turns text of the command line and of the environment into values; never touches the disk but to look.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from modpkg.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modpkg.events import Sink

Output = Literal["text", "json", "json-lines"]
OUTPUTS: Final[tuple[str, ...]] = get_args(Output)
WORK_VARIABLE: Final = "MODPKG_WORK"
STORE_VARIABLE: Final = "MODPKG_STORE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options that all commands share, read and checked."""

    output: Output
    project: Path
    work: Path
    store: Path
    verbose: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a command works with: `project` holds recipes/ and repo/, `work` takes all that is made."""

    project: Path
    work: Path
    store: Path
    sink: Sink
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The caller's environment, with the store that the command line may have named."""
        return {**self.environ, STORE_VARIABLE: str(self.store)}

    @property
    def recipes(self) -> Path:
        """The folder of recipes, platforms and images."""
        return self.project / "recipes"

    @property
    def repository(self) -> Path:
        """The document of the repository."""
        return self.project / "repo" / "repository.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a command finds around itself: environment, current and home directory."""

    environment: Mapping[str, str]
    here: Path
    home: Path


def parse_output(text: str) -> Output:
    """Read the value of `--output`."""
    if text not in OUTPUTS:
        raise BadInputError(
            f"cannot answer as {text!r}", where="--output", hint=f"choose one of {', '.join(OUTPUTS)}"
        )
    return cast("Output", text)


def parse_options(
    around: Surroundings, *, output: str, work: str | None, store: str | None, verbose: bool
) -> Options:
    """Read the shared options; what the command line leaves open, the environment and then a default say."""
    project = find_project(around.here)
    caches = around.environment.get("XDG_CACHE_HOME") or around.home / ".cache"
    return Options(
        output=parse_output(output),
        project=project,
        work=_place(around, work or around.environment.get(WORK_VARIABLE), project / "build"),
        store=_place(around, store or around.environment.get(STORE_VARIABLE), Path(caches) / "modpkg"),
        verbose=verbose,
    )


def find_project(here: Path) -> Path:
    """Give the nearest folder, from `here` upwards, that holds recipes/; `here` itself if there is none."""
    return next((folder for folder in (here, *here.parents) if (folder / "recipes").is_dir()), here)


def _place(around: Surroundings, text: str | None, default: Path) -> Path:
    if not text:
        return default
    first, _, rest = text.partition("/")
    # A shell leaves the tilde of "--work=~/x" alone.
    return around.here / (around.home / rest if first == "~" else Path(text))
