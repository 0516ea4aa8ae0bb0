"""Reads .rpm packages, hostile ones included.

rpmfile reads the header, once it is checked; not the payload, where it takes the memory that a name claims.
Never follows a path of an archive; does not verify signatures, which is the work of rpmkeys.
"""

from __future__ import annotations

import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import rpmfile

from modpkg.formats import reading
from modpkg.formats.reading import sound_name
from modpkg.formats.stored import StoredReader
from modpkg.rpm.cpio import walk
from modpkg.rpm.guard import check, refusing
from modpkg.rpm.tags import Sense

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from modpkg.formats.reading import Section
    from modpkg.host.files import Receipt
    from modpkg.model.module import Module

COMPARISONS: Final = ((Sense.LESS, "<"), (Sense.GREATER, ">"), (Sense.EQUAL, "="))
COMPRESSOR: Final = "gzip"


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


def read_header(path: Path) -> HeaderFacts:
    """Give what the header of an .rpm says; raises BadInputError when it is not a sound package."""
    with refusing(path):
        with path.open("rb") as stream:
            check(stream, path.stat().st_size)
        with rpmfile.open(path) as package:
            return _facts(package.headers)


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
    with refusing(path):
        with path.open("rb") as stream:
            check(stream, path.stat().st_size)
        with rpmfile.open(path) as package:
            _check_files(package.headers)
        with _files(path) as files:
            for _ in files:
                pass


def _check_files(headers: Mapping[str, Any]) -> None:
    # rpm goes by what the header says of a file, not by its payload.
    directories, names = _texts(headers.get("dirnames", [])), _texts(headers.get("basenames", []))
    for name, index in zip(names, _numbers(headers.get("dirindexes", ())), strict=True):
        if not directories[index].startswith("/"):
            raise ValueError(f"{directories[index]!r} is no directory of a package")
        sound_name(f"{directories[index]}{name}".removeprefix("/"))
    for name, mode in zip(names, _numbers(headers.get("filemodes", ())), strict=True):
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise ValueError(f"{name!r} is neither a file nor a directory")


@contextmanager
def _files(path: Path) -> Iterator[Iterator[tuple[str, Section]]]:
    length = path.stat().st_size
    with path.open("rb") as stream:
        start = check(stream, length)
        stream.seek(start)
        yield walk(StoredReader(stream, length - start))


def _facts(headers: Mapping[str, Any]) -> HeaderFacts:
    return HeaderFacts(
        name=_text(headers["name"]),
        epoch=headers.get("serial"),
        version=_text(headers["version"]),
        release=_text(headers["release"]),
        arch=_text(headers["arch"]),
        summary=_text(headers.get("summary", b"")),
        license=_text(headers.get("copyright", b"")),
        url=_text(headers.get("url", b"")),
        build_time=_numbers(headers.get("buildtime", 0))[0],
        payload_compressor=_text(headers.get("archive_compression", b"")),
        provides=_relations(headers, "provides", "provideversion", "provideflags"),
        requires=_relations(headers, "requirename", "requireversion", "requireflags"),
        conflicts=_relations(headers, "conflictname", "conflictversion", "conflictflags"),
        changelog=_changelog(headers),
    )


def _relations(headers: Mapping[str, Any], names: str, versions: str, flags: str) -> tuple[str, ...]:
    if names not in headers:
        return ()
    found = zip(_texts(headers[names]), _texts(headers[versions]), _numbers(headers[flags]), strict=True)
    return tuple(_relation(name, version, flag) for name, version, flag in found)


def _relation(name: str, version: str, flags: int) -> str:
    comparison = "".join(sign for sense, sign in COMPARISONS if flags & sense)
    return f"{name} {comparison} {version}" if comparison and version else name


def _changelog(headers: Mapping[str, Any]) -> tuple[Change, ...]:
    if "changelogtime" not in headers:
        return ()
    times, authors, texts = (headers[key] for key in ("changelogtime", "authors", "comments"))
    found = zip(_numbers(times), _texts(authors), _texts(texts), strict=True)
    return tuple(Change(time=time, author=author, text=text) for time, author, text in found)


def _text(value: object) -> str:
    if not isinstance(value, bytes):
        raise TypeError("its header has something else where text has to be")
    return value.decode()


def _texts(value: object) -> list[str]:
    return [_text(item) for item in value] if isinstance(value, list) else [_text(value)]


def _numbers(value: object) -> tuple[int, ...]:
    numbers = value if isinstance(value, tuple) else (value,)
    return tuple(int(number) for number in numbers if isinstance(number, int))
