"""Reads .deb packages, hostile ones included.

Never follows a path from an archive and never unpacks more than its limits; what is wrong is a BadInputError.
"""

from __future__ import annotations

import re
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from debian.deb822 import Deb822
from debian.debfile import DebFile

from modpkg.deb.guard import CHANGELOG, CONTROL_LIMIT, check_control, parts, refusing
from modpkg.deb.tar import walk
from modpkg.formats import reading
from modpkg.formats.stored import StoredReader
from modpkg.model.document import PACKAGE_PATTERN

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
            check_control(stream, control)
        with DebFile(path) as deb:
            # A sparse member may claim any size.
            if any(member.size > CONTROL_LIMIT for member in deb.control.tgz()):
                raise ValueError("its control archive claims an impossible size")
            # Decoded here: python-debian would guess another encoding where it is not UTF-8.
            text = deb.control.get_content("control", encoding="utf-8")
        fields = {str(name): str(value) for name, value in Deb822(text).items()}
        for name in NEEDED_FIELDS:
            if not fields.get(name):
                raise ValueError(f"its control file has no field {name}")
        if not re.fullmatch(PACKAGE_PATTERN, fields["Package"]):
            raise ValueError(f"{fields['Package']!r} is not a package name")
    return fields


def read_module(path: Path) -> Module:
    """Give the module that a .deb written by `write_deb` holds, from its module.json."""
    with refusing(path), _files(path) as files:
        return reading.find_module(files)


def read_changelog(path: Path, *, package: str) -> str:
    """Give the changelog of a .deb written by `write_deb`, as its documents have it."""
    wanted = f"usr/share/doc/{package}/{CHANGELOG}"
    with refusing(path), _files(path) as files:
        for name, content in files:
            if name == wanted:
                return _unpacked(content.read(min(content.left, CHANGELOG_LIMIT))).decode("utf-8")
        raise ValueError(f"it holds no {wanted}")


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


def check_contents(path: Path) -> None:
    """Read all of a .deb as modpkg writes them; BadInputError on a link, a path that climbs, a wrong size."""
    with refusing(path), _files(path) as files:
        for _ in files:
            pass


@contextmanager
def _files(path: Path) -> Iterator[Iterator[tuple[str, Section]]]:
    with path.open("rb") as stream:
        _control, data = parts(stream, path.stat().st_size)
        if data.name != DATA_MEMBER:
            raise ValueError(f"it is not the package of a module: it holds {data.name}, not {DATA_MEMBER}")
        stream.seek(data.offset)
        yield walk(StoredReader(stream, data.size))
