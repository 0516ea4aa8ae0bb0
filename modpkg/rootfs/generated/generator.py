"""What makes a generated file: a program of the image, the files it reads, the files it writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTHING: Final = r"(?!)"
When = Literal["anew", "kept", "never"]


@dataclass(frozen=True, kw_only=True)
class Generator:
    """One generator. Paths are regular expressions that match a path without its leading slash whole.

    It runs once for each different text of the group `each` of `inputs`, which `{each}` stands for in `argv`;
    without that group, once. `program` is any of the files that can be run; `{program}` in `argv` is the one
    that is there. `configured` files change what it makes, but are no reason to run it. `litter` is what it
    leaves for nobody. `alone` says what a module whose own files are all the inputs there are holds: what the
    generator makes at the end of its build (`anew`), what the installation left (`kept`), or nothing (`never`).
    `sort_lines` is for programs that write in the order of a directory.
    """

    name: str
    argv: tuple[str, ...]
    inputs: str
    makes: str
    program: str
    configured: str = NOTHING
    litter: str = NOTHING
    alone: When = "anew"
    sort_lines: bool = False

    @cached_property
    def _inputs(self) -> re.Pattern[str]:
        return re.compile(self.inputs)

    @cached_property
    def _makes(self) -> re.Pattern[str]:
        return re.compile(self.makes)

    @cached_property
    def _configured(self) -> re.Pattern[str]:
        return re.compile(self.configured)

    def made(self, path: str) -> bool:
        """Tell whether a path is one that the generator writes."""
        return self._makes.fullmatch(path) is not None

    def reads(self, paths: Iterable[str]) -> bool:
        """Tell whether one of these paths is an input."""
        return any(map(self._inputs.fullmatch, paths))

    def is_configured_by(self, paths: Iterable[str]) -> bool:
        """Tell whether one of these paths changes what is made."""
        return any(map(self._configured.fullmatch, paths))

    def commands(self, paths: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """Give the command lines, for a root with these paths; none where program or inputs are missing."""
        known = tuple(paths)
        found = min(filter(re.compile(self.program).fullmatch, known), default=None)
        if found is None:
            return ()
        matches = filter(None, map(self._inputs.fullmatch, known))
        values = sorted({match.groupdict().get("each", "") for match in matches})
        return tuple(tuple(w.format(each=each, program=f"/{found}") for w in self.argv) for each in values)
