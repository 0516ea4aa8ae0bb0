"""Reads .deb packages, hostile ones included.

Never follows a path from an archive and never unpacks more than its limits; what is wrong is a BadInputError.
"""

from __future__ import annotations

import io
import re
import tarfile
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from modpkg.deb.fields import parse_fields
from modpkg.deb.guard import CHANGELOG, CONTROL_LIMIT, control_archive, parts, refusing
from modpkg.deb.tar import walk
from modpkg.formats import reading
from modpkg.formats.stored import stored_reader
from modpkg.model.patterns import PACKAGE_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.formats.reading import Section
    from modpkg.host.files import Receipt
    from modpkg.model.module import Module

NEEDED_FIELDS: Final = ("Package", "Version", "Architecture")
DATA_MEMBER: Final = "data.tar.gz"
CHANGELOG_LIMIT: Final = 16 << 20
GZIP: Final = 16 + zlib.MAX_WBITS


def read_control(path: Path) -> dict[str, str]:
    """Give the control fields of a .deb in the order of the file.

    Raises BadInputError when it is not a sound package or its name, version or architecture is missing.
    """
    with refusing(path):
        with path.open("rb") as stream:
            control, _data = parts(stream, path.stat().st_size)
            archive = control_archive(stream, control)
        fields = parse_fields(_control_file(archive).decode())
        for name in NEEDED_FIELDS:
            if not fields.get(name):
                raise ValueError(f"its control file has no field {name}")
        if not re.fullmatch(PACKAGE_PATTERN, fields["Package"]):
            raise ValueError(f"{fields['Package']!r} is not a package name")
    return fields


def _control_file(archive: bytes) -> bytes:
    with suppress(ValueError, EOFError, tarfile.TarError):
        found = [
            content.read(content.left) for name, content in walk(io.BytesIO(archive)) if name == "control"
        ]
        if len(found) == 1:
            return found[0]
    # Another dialect of tar than modpkg's own.
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as files:
        members = files.getmembers()
        # A sparse member may claim any size.
        if any(member.size > CONTROL_LIMIT for member in members):
            raise ValueError("its control archive claims an impossible size")
        # The last one of a name is the one that stays where dpkg unpacks.
        last = next((one for one in reversed(members) if one.name.removeprefix("./") == "control"), None)
        stream = files.extractfile(last) if last and last.isreg() else None
        if stream is None:
            raise ValueError("it holds no control file")
        return stream.read()


def read_module(path: Path) -> Module:
    """Give the module that a .deb written by `write_deb` holds, from its module.json."""
    with refusing(path), _files(path) as files:
        return reading.find_module(files)


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=GZIP)
    text = unpacker.decompress(packed, CHANGELOG_LIMIT)
    if not unpacker.eof:
        raise ValueError(f"its changelog is cut off, or larger than {CHANGELOG_LIMIT} bytes")
    return text


def extract_fragment(path: Path, destination: Path) -> Receipt:
    """Write the fragment of a module's .deb to `destination`; its digest has to be that of module.json."""
    with refusing(path), _files(path) as files:
        return reading.extract_fragment(files, destination)


def read_document(path: Path, name: str) -> bytes:
    """Give a file of /usr/share/doc of a module's .deb, without what frames it; b"" where there is none."""
    with refusing(path), _files(path) as files:
        return reading.find_document(files, name)


def check_contents(path: Path, *, package: str = "") -> str | None:
    """Read all of a .deb as modpkg writes them; BadInputError on a link, a path that climbs, a wrong size.

    Gives the changelog of `package` on the way, None where there is none of that name.
    """
    wanted, text = f"usr/share/doc/{package}/{CHANGELOG}", None
    with refusing(path), _files(path) as files:
        for name, content in files:
            if name == wanted:
                text = _unpacked(content.read(min(content.left, CHANGELOG_LIMIT))).decode("utf-8")
    return text


@contextmanager
def _files(path: Path) -> Iterator[Iterator[tuple[str, Section]]]:
    with path.open("rb") as stream:
        _control, data = parts(stream, path.stat().st_size)
        if data.name != DATA_MEMBER:
            raise ValueError(f"it is not the package of a module: it holds {data.name}, not {DATA_MEMBER}")
        stream.seek(data.offset)
        yield walk(stored_reader(stream, data.size))
