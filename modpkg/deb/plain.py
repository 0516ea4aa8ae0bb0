"""Writes the .deb of a small package of plain files. No maintainer script, no clock, no compressor."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from modpkg.deb import ar, tar
from modpkg.deb.control import installed_size, stanza
from modpkg.deb.guard import CHANGELOG
from modpkg.deb.write import PACKAGE_FORMAT
from modpkg.formats.payload import FILE_MODE
from modpkg.formats.plain import PlainPackage, plain_entries
from modpkg.formats.stored import frame
from modpkg.host.files import Receipt, write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.formats.payload import Entry

WIDTH: Final = 79


def write_plain_deb(package: PlainPackage, directory: Path) -> Receipt:
    """Write `<name>_<version>_all.deb` into `directory`."""
    content = plain_entries(package, changelog=CHANGELOG)
    control = {"control": stanza(_fields(package, content))}
    if package.config:
        control["conffiles"] = "".join(f"/{path}\n" for path in sorted(package.config))
    files = {f"{name}": text.encode() for name, text in sorted(control.items())}
    members = {
        "debian-binary": PACKAGE_FORMAT,
        "control.tar.gz": frame(
            b"".join(_file(name, data, package) for name, data in files.items()) + tar.END
        ),
        "data.tar.gz": frame(b"".join(_entry(entry, package) for entry in content) + tar.END),
    }
    packed = [
        ar.header(name, len(data), package.moment) + data + ar.padding(len(data))
        for name, data in members.items()
    ]
    path = directory / f"{package.name}_{package.version}_all.deb"
    return write_atomically(path, b"".join([ar.MAGIC, *packed]))


def _fields(package: PlainPackage, content: Sequence[Entry]) -> dict[str, str]:
    text = textwrap.fill(
        package.description, width=WIDTH, initial_indent=" ", subsequent_indent=" ", break_on_hyphens=False
    )
    fields = {
        "Package": package.name,
        "Version": package.version,
        "Architecture": "all",
        "Maintainer": package.maintainer,
        "Installed-Size": str(installed_size(content)),
        "Depends": ", ".join(package.requires),
        "Section": "admin",
        "Priority": "optional",
        "Multi-Arch": "foreign",
        "Homepage": package.homepage,
        "Description": f"{package.summary}\n{text}",
    }
    return {name: value for name, value in fields.items() if value}


def _file(name: str, data: bytes, package: PlainPackage) -> bytes:
    header = tar.header(name, mode=FILE_MODE, size=len(data), mtime=package.moment)
    return header + data + tar.padding(len(data))


def _entry(entry: Entry, package: PlainPackage) -> bytes:
    if entry.kind == "file":
        return _file(entry.path, entry.content, package)
    return tar.header(entry.path, mode=entry.mode, size=0, mtime=package.moment)
