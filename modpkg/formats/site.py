"""The folders of files below recipes/site/, and what they and their documents say about each other.

It looks at names, kinds and the x bit; whose the files are and what else they may be is the document's.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from modpkg.errors import Problem
from modpkg.formats.drafts import as_far_as_known, column, first_of_each, numbered
from modpkg.formats.words import closest
from modpkg.model.site import FIELD_OF, SiteDocument, SiteFile, refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from modpkg.formats.documents import Loaded
    from modpkg.formats.yaml import Parsed

COMMON: Final = "common"
FOLDER: Final = "site"
Kind = Literal["dir", "file", "symlink"]
ODD_HINT: Final = "a site's folder holds files, directories and symbolic links"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSource:
    """One path of a site's folder: where it lies, what it is; `target` is that of a symbolic link."""

    place: Path
    kind: Kind
    executable: bool = False
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePart:
    """What one name below recipes/site/ adds: its document, and the files of its folder by path in the image."""

    name: str
    document: SiteDocument
    sources: Mapping[str, SiteSource]


def names_of(root: Path) -> list[str]:
    """Give the names of which there is a document or a folder in recipes/site."""
    folder = root / FOLDER
    documents = {path.stem for path in folder.glob("[!.]*.yaml")}
    return sorted(documents | {path.name for path in folder.glob("[!.]*") if path.is_dir()})


def check_site(
    root: Path, loaded: Mapping[str, Loaded[SiteDocument]], images: Collection[str]
) -> Iterator[Problem]:
    """Give the problems of all folders and of what documents say about them. `images` are the names there are."""
    for name in names_of(root):
        folder = root / FOLDER / name
        if name != COMMON and name not in images:
            place = folder.with_suffix(".yaml") if name in loaded else folder
            hint = closest(name, {COMMON, *images})
            yield Problem(file=str(place), message=f"there is no image {name!r}", hint=hint)
        yield from _folder_problems(folder)
        one = loaded.get(name)
        if one is not None and one.draft is not None and one.parsed is not None:
            paths = dict(_sources(folder))
            yield from _file_problems(folder, paths, one.draft, one.parsed)
            for path in FIELD_OF.keys() & paths.keys():
                yield from _field_problems(folder, path, one.draft, one.parsed)


def read_part(root: Path, name: str, document: SiteDocument | None) -> SitePart:
    """Read a folder that has no problems; a document that is not there says nothing."""
    return SitePart(
        name=name,
        document=document or SiteDocument(),
        sources={path: source for path, source in _sources(root / FOLDER / name) if source is not None},
    )


def _sources(folder: Path) -> Iterator[tuple[str, SiteSource | None]]:
    # A source of None is one of a kind that no image takes from a folder.
    if not folder.is_dir():
        return
    for place in sorted(folder.rglob("*")):
        yield str(place.relative_to(folder)), _source(place)


def _source(place: Path) -> SiteSource | None:
    info = place.lstat()
    if stat.S_ISDIR(info.st_mode):
        return SiteSource(place=place, kind="dir")
    if stat.S_ISREG(info.st_mode):
        return SiteSource(place=place, kind="file", executable=bool(info.st_mode & stat.S_IXUSR))
    if stat.S_ISLNK(info.st_mode):
        # Not Path.readlink, which would give x for ./x.
        return SiteSource(place=place, kind="symlink", target=os.readlink(place))  # noqa: PTH115
    return None


def _folder_problems(folder: Path) -> Iterator[Problem]:
    for path, source in _sources(folder):
        place = str(folder / path)
        if fault := _name_fault(path) or (source and _name_fault(source.target)):
            shown = os.fsencode(place).decode(errors="backslashreplace")
            yield Problem(file=shown, message=fault, hint="rename it")
        elif source is None:
            yield Problem(file=place, message="is neither file, directory nor link", hint=ODD_HINT)
        elif source.kind != "dir" and (why := refusal(path)):
            yield Problem(file=place, message=f"a site may not have /{path}", hint=why)


def _name_fault(path: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    return "" if path.isprintable() else "its name has characters that cannot be shown"


@as_far_as_known
def _file_problems(
    folder: Path, paths: Mapping[str, SiteSource | None], document: SiteDocument, parsed: Parsed
) -> Iterator[Problem]:
    places = {index for index, _ in first_of_each(column(document.files, "path"))}
    for index, file in numbered(document.files):
        if index in places:
            yield from _file_problem(folder, paths, (index, file), parsed)


@as_far_as_known
def _file_problem(
    folder: Path, paths: Mapping[str, SiteSource | None], one: tuple[int, SiteFile], parsed: Parsed
) -> Iterator[Problem]:
    index, file = one
    source = paths.get(file.path.lstrip("/"))
    if source is None:
        message = f"files[{index}].path: there is no {folder}{file.path}"
        hint = closest(file.path, {f"/{path}" for path in paths})
        yield parsed.problem(("files", index, "path"), message, hint=hint)
    elif source.kind == "symlink" and file.mode is not None:
        message = f"files[{index}].mode: {file.path} is a symbolic link, which has no mode"
        yield parsed.problem(("files", index, "mode"), message, hint="remove the line")


@as_far_as_known
def _field_problems(folder: Path, path: str, document: SiteDocument, parsed: Parsed) -> Iterator[Problem]:
    field = FIELD_OF[path]
    if getattr(document, field.replace("-", "_")):
        message = f"{field}: it makes /{path}, and {folder / path} is there too"
        yield parsed.problem((field,), message, hint="remove one of them", key=True)
