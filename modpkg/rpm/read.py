"""Reads .rpm packages, hostile ones included.

Each entry of a header is checked before it is believed. Never follows a path of an archive; does not verify
signatures, which is the work of rpmkeys.
"""

from __future__ import annotations

import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from modpkg.formats import reading
from modpkg.formats.reading import sound_name
from modpkg.formats.stored import stored_reader
from modpkg.rpm.cpio import walk
from modpkg.rpm.decode import Tags
from modpkg.rpm.guard import check, refusing, text_of
from modpkg.rpm.tags import Sense, Signature, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.formats.reading import Section
    from modpkg.host.files import Receipt
    from modpkg.model.module import Module

COMPARISONS: Final = ((int(Sense.LESS), "<"), (int(Sense.GREATER), ">"), (int(Sense.EQUAL), "="))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of a changelog; `time` in seconds since 1970."""

    time: int
    author: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFacts:
    """What the header of an .rpm says. Relations look like `name` or `name = version`."""

    name: str
    epoch: int | None
    version: str
    release: str
    arch: str
    summary: str
    license: str
    url: str
    build_time: int
    payload_compressor: str
    provides: tuple[str, ...]
    requires: tuple[str, ...]
    conflicts: tuple[str, ...]
    changelog: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """An rpm whose header is sound and names only files and directories inside the package.

    `header_sha256` is the digest that it brings of its main header, None for an old one that has none;
    `payload` is where its payload begins, in bytes.
    """

    name: str
    epoch: int | None
    version: str
    release: str
    arch: str
    build_time: int
    provides: tuple[str, ...]
    header_sha256: str | None
    payload: int


def read_header(path: Path) -> HeaderFacts:
    """Give what the header of an .rpm says; raises BadInputError when it is not a sound package."""
    with refusing(path), path.open("rb") as stream:
        return _facts(Tags(check(stream, path.stat().st_size).main))


def examine(path: Path) -> Examined:
    """Give what a publisher has to know of an .rpm; raises BadInputError on one that no client should believe."""
    with refusing(path), path.open("rb") as stream:
        headers = check(stream, path.stat().st_size)
        tags = Tags(headers.main)
        _check_files(tags)
        return Examined(
            name=_needed(tags, Tag.NAME),
            epoch=next(iter(tags.numbers(Tag.EPOCH)), None),
            version=_needed(tags, Tag.VERSION),
            release=_needed(tags, Tag.RELEASE),
            arch=_needed(tags, Tag.ARCH),
            build_time=next(iter(tags.numbers(Tag.BUILD_TIME)), 0),
            provides=_relations(tags, Tag.PROVIDE_NAME, Tag.PROVIDE_VERSION, Tag.PROVIDE_FLAGS),
            header_sha256=text_of(headers.signature, Signature.SHA256),
            payload=headers.main.end,
        )


def read_module(path: Path) -> Module:
    """Give the module that an .rpm written by `write_rpm` holds, from its module.json."""
    with refusing(path), _files(path) as files:
        return reading.find_module(files)


def extract_fragment(path: Path, destination: Path) -> Receipt:
    """Write the fragment of a module's .rpm to `destination`; its digest has to be that of module.json."""
    with refusing(path), _files(path) as files:
        return reading.extract_fragment(files, destination)


def check_contents(path: Path) -> None:
    """Read all of an .rpm as modpkg writes them; BadInputError on a link, a path that climbs, a wrong size."""
    check_payload(path, start=examine(path).payload)


def check_payload(path: Path, *, start: int) -> None:
    """Read what an examined .rpm unpacks to, from the byte `start` on, as `check_contents` does."""
    with refusing(path), path.open("rb") as stream:
        for _ in _walked(stream, start, path.stat().st_size):
            pass


def _check_files(tags: Tags) -> None:
    # rpm goes by what the header says of a file, not by its payload.
    directories, names = tags.texts(Tag.DIR_NAMES), tags.texts(Tag.BASE_NAMES)
    for name, index in zip(names, tags.numbers(Tag.DIR_INDEXES), strict=True):
        if not directories[index].startswith("/"):
            raise ValueError(f"{directories[index]!r} is no directory of a package")
        sound_name(f"{directories[index]}{name}".removeprefix("/"))
    for name, mode in zip(names, tags.numbers(Tag.FILE_MODES), strict=True):
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise ValueError(f"{name!r} is neither a file nor a directory")


@contextmanager
def _files(path: Path) -> Iterator[Iterator[tuple[str, Section]]]:
    length = path.stat().st_size
    with path.open("rb") as stream:
        yield _walked(stream, check(stream, length).main.end, length)


def _walked(stream: IO[bytes], start: int, length: int) -> Iterator[tuple[str, Section]]:
    stream.seek(start)
    return walk(stored_reader(stream, length - start))


def _facts(tags: Tags) -> HeaderFacts:
    return HeaderFacts(
        name=_needed(tags, Tag.NAME),
        epoch=next(iter(tags.numbers(Tag.EPOCH)), None),
        version=_needed(tags, Tag.VERSION),
        release=_needed(tags, Tag.RELEASE),
        arch=_needed(tags, Tag.ARCH),
        summary=tags.text(Tag.SUMMARY),
        license=tags.text(Tag.LICENSE),
        url=tags.text(Tag.URL),
        build_time=next(iter(tags.numbers(Tag.BUILD_TIME)), 0),
        payload_compressor=tags.text(Tag.PAYLOAD_COMPRESSOR),
        provides=_relations(tags, Tag.PROVIDE_NAME, Tag.PROVIDE_VERSION, Tag.PROVIDE_FLAGS),
        requires=_relations(tags, Tag.REQUIRE_NAME, Tag.REQUIRE_VERSION, Tag.REQUIRE_FLAGS),
        conflicts=_relations(tags, Tag.CONFLICT_NAME, Tag.CONFLICT_VERSION, Tag.CONFLICT_FLAGS),
        changelog=_changelog(tags),
    )


def _needed(tags: Tags, tag: Tag) -> str:
    if tag not in tags:
        raise ValueError(f"its header has no {tag.name.lower()}")
    return tags.text(tag)


def _relations(tags: Tags, names: Tag, versions: Tag, flags: Tag) -> tuple[str, ...]:
    found = zip(tags.texts(names), tags.texts(versions), tags.numbers(flags), strict=True)
    return tuple(_relation(name, version, flag) for name, version, flag in found)


def _relation(name: str, version: str, flags: int) -> str:
    comparison = "".join(sign for sense, sign in COMPARISONS if flags & sense)
    return f"{name} {comparison} {version}" if comparison and version else name


def _changelog(tags: Tags) -> tuple[Change, ...]:
    times, authors = tags.numbers(Tag.CHANGELOG_TIME), tags.texts(Tag.CHANGELOG_NAME)
    found = zip(times, authors, tags.texts(Tag.CHANGELOG_TEXT), strict=True)
    return tuple(Change(time=time, author=author, text=text) for time, author, text in found)
