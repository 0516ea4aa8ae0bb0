"""What one rpm adds to the indices of a repository, where it holds nothing but what modpkg writes.

The same bytes as createrepo_c's, which tests compare: to load that takes longer than to sign a channel. It is asked
wherever an rpm holds anything else.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.rpm.decode import Tags
from modpkg.rpm.guard import ALIGNMENT, check, refusing
from modpkg.rpm.tags import Sense, Signature, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from modpkg.rpm.guard import Headers

KNOWN: Final = frozenset(map(int, Tag))
PLAIN: Final = re.compile("[^&<>]*")
LINES: Final = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f]*")
LINE: Final = re.compile(r"[^\x00-\x1f\x7f]*")
VERSION: Final = re.compile(r"(?:(?P<epoch>[0-9]+):)?(?P<version>[^-:]+)(?:-(?P<release>[^:]+))?")
RPMLIB: Final = int(Sense.RPMLIB)
# How a relation compares versions, by its bits of `Sense`.
COMPARISONS: Final = {2: "LT", 4: "GT", 8: "EQ", 10: "LE", 12: "GE"}
DIRECTORY: Final = 0o040000
MOST_CHANGES: Final = 10
# Relations by their names in the index, with the tags of their names, versions and flags.
RELATIONS: Final = {
    "provides": (Tag.PROVIDE_NAME, Tag.PROVIDE_VERSION, Tag.PROVIDE_FLAGS),
    "requires": (Tag.REQUIRE_NAME, Tag.REQUIRE_VERSION, Tag.REQUIRE_FLAGS),
    "conflicts": (Tag.CONFLICT_NAME, Tag.CONFLICT_VERSION, Tag.CONFLICT_FLAGS),
}
PRIMARY: Final = """\
<package type="rpm">
  <name>{name}</name>
  <arch>{arch}</arch>
  <version epoch="0" ver="{version}" rel="{release}"/>
  <checksum type="sha256" pkgid="YES">{sha256}</checksum>
  <summary>{summary}</summary>
  <description>{description}</description>
  <packager>{packager}</packager>
  <url>{url}</url>
  <time file="{time}" build="{time}"/>
  <size package="{size}" installed="{installed}" archive="{archive}"/>
  <location href="{href}"/>
  <format>
    <rpm:license>{license}</rpm:license>
    <rpm:vendor></rpm:vendor>
    <rpm:group>{group}</rpm:group>
    <rpm:buildhost>{host}</rpm:buildhost>
    <rpm:sourcerpm>{source}</rpm:sourcerpm>
    <rpm:header-range start="{start}" end="{end}"/>
{relations}{files}  </format>
</package>
"""
OTHERS: Final = """\
<package pkgid="{sha256}" name="{name}" arch="{arch}">
  <version epoch="0" ver="{version}" rel="{release}"/>
{lines}</package>
"""


class UnusualError(Exception):
    """The package holds what modpkg does not write."""


def render(path: Path, *, sha256: str, href: str) -> Mapping[str, bytes] | None:
    """Give the XML of an rpm for each of the three indices, or None where createrepo_c has to."""
    size = path.stat().st_size
    try:
        with refusing(path), path.open("rb") as stream:
            return _render(check(stream, size), size=size, sha256=sha256, href=href)
    except (BadInputError, UnusualError):
        return None


def _render(headers: Headers, *, size: int, sha256: str, href: str) -> Mapping[str, bytes]:
    tags = Tags(headers.main)
    if not tags.names <= KNOWN or Tag.EPOCH in tags:
        raise UnusualError
    names = {
        "sha256": sha256,
        "name": _text(tags, Tag.NAME),
        "arch": _text(tags, Tag.ARCH),
        "version": _text(tags, Tag.VERSION),
        "release": _text(tags, Tag.RELEASE),
    }
    files = list(_files(tags))
    primary = PRIMARY.format(
        **names,
        summary=_text(tags, Tag.SUMMARY, LINES),
        description=_text(tags, Tag.DESCRIPTION, LINES),
        packager=_text(tags, Tag.PACKAGER),
        url=_text(tags, Tag.URL),
        time=_number(tags, Tag.BUILD_TIME),
        size=size,
        installed=_number(tags, Tag.SIZE),
        archive=_number(Tags(headers.signature), Signature.PAYLOAD_SIZE),
        href=_attribute(href),
        license=_text(tags, Tag.LICENSE),
        group=_text(tags, Tag.GROUP),
        host=_text(tags, Tag.BUILD_HOST),
        source=_text(tags, Tag.SOURCE_RPM),
        start=headers.signature.end + -headers.signature.end % ALIGNMENT,
        end=headers.main.end,
        relations="".join(_relations(tags)),
        files="".join(f"    {_file(name, kind)}" for name, kind in files if _is_primary(name)),
    )
    listed = "".join(f"  {_file(name, kind)}" for name, kind in files)
    chunks = {
        "primary": primary,
        "filelists": OTHERS.format(**names, lines=listed),
        "other": OTHERS.format(**names, lines="".join(_changes(tags))),
    }
    return {kind: chunk.encode() for kind, chunk in chunks.items()}


def _text(tags: Tags, tag: Tag, pattern: re.Pattern[str] = LINE) -> str:
    found = tags.texts(tag)
    if len(found) != 1 or not found[0] or not pattern.fullmatch(found[0]):
        raise UnusualError
    return _escaped(found[0])


def _number(tags: Tags, tag: int) -> int:
    found = tags.numbers(tag)
    if len(found) != 1:
        raise UnusualError
    return found[0]


def _escaped(text: str) -> str:
    if PLAIN.fullmatch(text):
        return text
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attribute(text: str) -> str:
    if not LINE.fullmatch(text):
        raise UnusualError
    return _escaped(text).replace('"', "&quot;")


def _relations(tags: Tags) -> Iterator[str]:
    provided = set(tags.texts(Tag.PROVIDE_NAME))
    for kind, columns in RELATIONS.items():
        names, versions, flags = tags.texts(columns[0]), tags.texts(columns[1]), tags.numbers(columns[2])
        rows = [row for row in zip(names, versions, flags, strict=True) if not row[2] & RPMLIB]
        if kind == "requires" and not _are_plain([name for name, _, _ in rows], provided):
            raise UnusualError
        if rows:
            entries = "".join(_relation(*row) for row in rows)
            yield f"    <rpm:{kind}>\n{entries}    </rpm:{kind}>\n"


def _are_plain(required: Sequence[str], provided: set[str]) -> bool:
    # createrepo_c leaves out what is there twice, and what the package has itself.
    if len(set(required)) < len(required) or not provided.isdisjoint(required):
        return False
    return not any(name.startswith(("/", "libc.so")) for name in required)


def _relation(name: str, version: str, flags: int) -> str:
    start = f'      <rpm:entry name="{_attribute(name)}"'
    if not flags and not version:
        return f"{start}/>\n"
    found = VERSION.fullmatch(version)
    if found is None or flags not in COMPARISONS:
        raise UnusualError
    number, release = _attribute(found["version"]), found["release"]
    end = f' rel="{_attribute(release)}"' if release else ""
    return f'{start} flags="{COMPARISONS[flags]}" epoch="{found["epoch"] or 0}" ver="{number}"{end}/>\n'


def _files(tags: Tags) -> Iterator[tuple[str, int]]:
    directories = tags.texts(Tag.DIR_NAMES)
    columns = tags.texts(Tag.BASE_NAMES), tags.numbers(Tag.DIR_INDEXES), tags.numbers(Tag.FILE_MODES)
    for name, index, mode in zip(*columns, strict=True):
        path = f"{directories[index]}{name}"
        if not LINE.fullmatch(path):
            raise UnusualError
        yield path, mode & DIRECTORY


def _file(path: str, is_directory: int) -> str:
    kind = ' type="dir"' if is_directory else ""
    return f"<file{kind}>{_escaped(path)}</file>\n"


def _is_primary(path: str) -> bool:
    # What createrepo_c lists twice, as packages may require it.
    return path.startswith("/etc/") or "bin/" in path or path == "/usr/lib/sendmail"


def _changes(tags: Tags) -> Iterator[str]:
    columns = tags.numbers(Tag.CHANGELOG_TIME), tags.texts(Tag.CHANGELOG_NAME), tags.texts(Tag.CHANGELOG_TEXT)
    newest = list(zip(*columns, strict=True))[:MOST_CHANGES]
    last = 0
    for time, group in groupby(reversed(newest), key=lambda change: change[0]):
        for later, (_, author, text) in enumerate(group):
            # Those of one time are told apart by seconds.
            moment = time + later
            if moment <= last or author != author.rstrip() or not LINES.fullmatch(text):
                raise UnusualError
            last = moment
            yield f'  <changelog author="{_attribute(author)}" date="{moment}">{_escaped(text)}</changelog>\n'
