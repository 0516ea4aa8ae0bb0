"""YAML documents as models: read, checked whole, all faults at once.

A loader looks at its file only, and loads the model of that alone; what files say about each other is the
catalogue's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from pydantic import ValidationError

from modpkg.errors import DocumentError, Problem
from modpkg.formats import checks, yaml
from modpkg.formats.drafts import draft_of
from modpkg.formats.problems import faulty_ways, problems_of
from modpkg.formats.text import read_text
from modpkg.model.document import Document

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.changelog import Changelog
    from modpkg.model.manifest import Manifest
    from modpkg.model.platform import Platform
    from modpkg.model.recipe import Recipe
    from modpkg.model.repository import Repository
    from modpkg.model.site import SiteDocument

D = TypeVar("D", bound=Document)
LARGEST_KEPT: Final = 8 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Generic[D]):
    """What became of one file: its document if it has no faults of its own, else its problems.

    `draft` is the document as far as it is right (see `drafts`), for rules; None where it says nothing that is.
    """

    path: Path
    parsed: yaml.Parsed | None
    document: D | None
    problems: tuple[Problem, ...]
    draft: D | None = None


def load_platform(path: Path) -> Platform:
    """Read `recipes/platforms/<platform>.yaml`; raises DocumentError with all its faults."""
    from modpkg.model.platform import Platform  # noqa: PLC0415 - few commands need all models

    return _load(path, Platform)


def load_recipe(path: Path) -> Recipe:
    """Read `recipes/modules/<module>/recipe.yaml`; raises DocumentError with all its faults."""
    from modpkg.model.recipe import Recipe  # noqa: PLC0415

    return _load(path, Recipe)


def load_changelog(path: Path) -> Changelog:
    """Read `recipes/modules/<module>/changelog.yaml`; raises DocumentError with all its faults."""
    from modpkg.model.changelog import Changelog  # noqa: PLC0415

    return _load(path, Changelog)


def load_manifest(path: Path) -> Manifest:
    """Read `recipes/images/<image>.yaml`; raises DocumentError with all its faults."""
    from modpkg.model.manifest import Manifest  # noqa: PLC0415

    return _load(path, Manifest)


def load_repository(path: Path) -> Repository:
    """Read `repo/repository.yaml`; raises DocumentError with all its faults."""
    from modpkg.model.repository_document import RepositoryDocument  # noqa: PLC0415

    return _load(path, RepositoryDocument).value()


def load_site(path: Path) -> SiteDocument:
    """Read `recipes/site/<image>.yaml`; raises DocumentError with all its faults."""
    from modpkg.model.site import SiteDocument  # noqa: PLC0415

    return _load(path, SiteDocument)


def examine(path: Path, model: type[D]) -> Loaded[D]:
    """Read a file as a document and keep its problems instead of raising them."""
    try:
        text = read_text(path)
        take = _kept if len(text) <= LARGEST_KEPT else _taken_apart
        return take(text, path, model)
    except DocumentError as error:
        return Loaded(path=path, parsed=None, document=None, problems=tuple(error.problems))


def _taken_apart(text: str, path: Path, model: type[D]) -> Loaded[D]:
    return validate(path, yaml.parse(text, file=str(path)), model)


@lru_cache(maxsize=128)
def _kept(text: str, path: Path, model: type[Any]) -> Loaded[Any]:
    # A line of several commands reads the same documents again and again. What they hold is never changed.
    return _taken_apart(text, path, model)


def validate(path: Path, parsed: yaml.Parsed, model: type[D]) -> Loaded[D]:
    """Check a parsed file against a model and the rules that pydantic cannot say."""
    problems = list(parsed.problems)
    faulty = parsed.faulty
    draft: D | None
    try:
        # A YAML file has the names with dashes only; Python code may use those of the fields.
        draft = model.model_validate(parsed.value, by_alias=True, by_name=False)
    except ValidationError as error:
        problems += problems_of(error, parsed, model)
        faulty |= faulty_ways(error, parsed)
        draft = draft_of(model, parsed.value, faulty)
    else:
        # What stands where an alias does is not what the writer meant, even where nothing may stand there.
        draft = draft_of(model, parsed.value, faulty) if faulty else draft
    problems += checks.check(draft, parsed) if draft is not None else []
    kept = None if problems else draft
    return Loaded(path=path, parsed=parsed, document=kept, problems=tuple(problems), draft=draft)


def _load(path: Path, model: type[D]) -> D:
    loaded = examine(path, model)
    if loaded.document is None:
        raise DocumentError(list(loaded.problems))
    return loaded.document
