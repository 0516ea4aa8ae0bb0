"""A file of an image changed by the site: taken from where it is now, edited, put below recipes/site."""

from __future__ import annotations

import re
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Sink, Warned, ignore
from modpkg.formats.catalogue import load_catalogue
from modpkg.formats.site import COMMON, FOLDER
from modpkg.host.files import temporary_directory, write_atomically
from modpkg.host.run import interact, run
from modpkg.model.image import ROOT
from modpkg.model.patterns import PATH_PATTERN
from modpkg.model.site import refusal
from modpkg.pipeline.image_lock import find_manifest
from modpkg.pipeline.images import find_image, read_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modpkg.formats.catalogue import Catalogue

PROGRAM_MODE: Final = 0o755
FILE_MODE: Final = 0o644
DEFAULT_EDITOR: Final = "editor"
NEW: Final = "nowhere: the file is new"


class Change(Protocol):
    """Makes the new content of a file."""

    def __call__(self, content: bytes, *, name: str) -> bytes:
        """Give what becomes of `content`; `name` is that of the file, by which editors know its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to edit: the absolute path in an image, for this image alone or for all of them (`common`)."""

    image: str
    path: str
    common: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a file holds before an edit, where that comes from, and whether it is a program."""

    data: bytes = b""
    origin: str = NEW
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The file of the checkout that an edit writes, the images that get it, and what it begins with."""

    path: str
    file: Path
    images: tuple[str, ...]
    before: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What came of an edit; `changed` is false where the checkout has this content already."""

    place: Place
    changed: bool


def find_place(catalogue: Catalogue, wanted: Wanted, *, images: Path, sink: Sink = ignore) -> Place:
    """Decide which file of the checkout to write, and what it holds before the edit. Writes nothing.

    The content comes from the site's files, else from the newest image of that name below `images`. Raises
    BadInputError for a path that a site may not have.
    """
    find_manifest(catalogue, wanted.image)
    inside = _inside(wanted.path)
    own, shared = (catalogue.root / FOLDER / name for name in (wanted.image, COMMON))
    folder = shared if wanted.common else own
    _check_way(folder, inside)
    found = [folder / inside for folder in dict.fromkeys((folder, shared)) if (folder / inside).is_file()]
    before = _read(found[0]) if found else _from_image(wanted, inside, images, sink)
    users = tuple(sorted(catalogue.manifests)) if wanted.common else (wanted.image,)
    return Place(path=wanted.path, file=folder / inside, images=users, before=before)


def edit(place: Place, change: Change, *, recipes: Path, dry_run: bool = False) -> Edited:
    """Put what `change` makes of the content into the checkout, all documents checked with it.

    If there is a fault, it is raised, and the checkout is as it was.
    """
    after = change(place.before.data, name=place.file.name)
    there = place.file.read_bytes() if place.file.is_file() else None
    edited = Edited(place=place, changed=after != there)
    if dry_run or not edited.changed:
        return edited
    mode = PROGRAM_MODE if place.before.executable else FILE_MODE
    write_atomically(place.file, after, mode=mode)
    try:
        load_catalogue(recipes)
    except ModpkgError:
        if there is None:
            place.file.unlink()
        else:
            write_atomically(place.file, there, mode=mode)
        raise
    return edited


def by_editor(environ: Mapping[str, str]) -> Change:
    """Give what lets a person change a content, with $VISUAL or else $EDITOR."""
    words = shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or DEFAULT_EDITOR)

    def change(content: bytes, *, name: str) -> bytes:
        # A folder of its own, which nobody else can read.
        with temporary_directory(Path(environ.get("TMPDIR") or "/tmp")) as scratch:  # noqa: S108 - see above
            file = scratch / name
            file.write_bytes(content)
            interact([*words, str(file)], environ=environ)
            return file.read_bytes()

    return change


def taken_from(data: bytes) -> Change:
    """Give what puts a content in the place of another."""

    def change(content: bytes, *, name: str) -> bytes:
        del content, name
        return data

    return change


def _inside(path: str) -> str:
    if not re.fullmatch(PATH_PATTERN, path) or path == "/" or {".", ".."} & set(path.split("/")):
        raise BadInputError(
            f"cannot edit {path!r}: it is not the path of a file in an image", hint="such as /etc/motd"
        )
    inside = path.lstrip("/")
    if why := refusal(inside):
        raise BadInputError(f"cannot edit {path}: a site may not have it", hint=why)
    return inside


def _check_way(folder: Path, inside: str) -> None:
    place = folder
    for part in inside.split("/")[:-1]:
        place /= part
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise BadInputError("cannot put a file below this: it is no directory", where=str(place))
    target = folder / inside
    if target.is_dir() or target.is_symlink():
        raise BadInputError("cannot edit this: it is no file", where=str(target))


def _read(path: Path) -> Content:
    executable = bool(path.stat().st_mode & stat.S_IXUSR)
    return Content(data=path.read_bytes(), origin=str(path), executable=executable)


def _from_image(wanted: Wanted, inside: str, images: Path, sink: Sink) -> Content:
    try:
        directory = find_image(images, wanted.image)
    except BadInputError:
        message = f"{wanted.path} begins empty: no image {wanted.image!r} is built that could have it"
        sink(Warned(message, hint=f"invoke build-image {wanted.image}"))
        return Content()
    # The topmost layer that has the path shows it.
    for name in (read_image(directory).layers or (ROOT,))[::-1]:
        if content := _from_squashfs(wanted, inside, directory / name):
            return content
    return Content()


def _from_squashfs(wanted: Wanted, inside: str, root: Path) -> Content | None:
    with temporary_directory(root.parent.parent) as scratch:
        tree = scratch / "tree"
        run(
            [
                "unsquashfs",
                "-no-progress",
                "-quiet",
                "-no-xattrs",
                "-no-wildcards",
                "-dest",
                tree,
                root,
                inside,
            ],
            check=False,
        )
        found = tree / inside
        if found.is_symlink():
            hint = f"edit that one, or put a link into {FOLDER}/"
            raise BadInputError(f"cannot edit {wanted.path}: it is a link to {found.readlink()}", hint=hint)
        if found.is_dir():
            raise BadInputError(f"cannot edit {wanted.path}: it is a directory of the image")
        return _of_image(found, root) if found.is_file() else None


def _of_image(found: Path, root: Path) -> Content:
    content = _read(found)
    return Content(data=content.data, origin=str(root), executable=content.executable)
