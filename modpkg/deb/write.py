"""Writes a module's .deb directly: no dpkg-deb, no compressor, no clock.

The fragment is read once, to copy it; nothing in a .deb holds a digest of it, so none is computed here. There is
no maintainer script, and no md5sums: dpkg makes that file itself when it unpacks (docs/explanation/packages.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from modpkg.deb import ar, tar
from modpkg.deb.control import control_fields, stanza
from modpkg.deb.guard import CHANGELOG
from modpkg.errors import ModpkgError
from modpkg.formats.output import package_file
from modpkg.formats.payload import FILE_MODE, check_fragment, entries
from modpkg.formats.stored import StoredWriter, frame, framed_size

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modpkg.formats.payload import Entry
    from modpkg.model.module import Module

PACKAGE_FORMAT: Final = b"2.0\n"


def write_deb(module: Module, *, fragment: Path, documents: Mapping[str, bytes], directory: Path) -> Path:
    """Write `<package>_<version>_<architecture>.deb` into `directory` and give its path.

    `documents` are further files for /usr/share/doc by name, given plain also where the name ends in .gz.
    The caller knows that `fragment` has the digest that `module` names; raises BadInputError when its size is another.
    """
    path = directory / f"{module.package_name}_{module.version}_{module.architecture}.deb"
    if module.fragment.size > tar.LARGEST_FILE:
        raise ModpkgError(f"cannot write {path.name}: a .deb holds fragments of less than 8 GiB")
    content = entries(module, documents, changelog=CHANGELOG)
    with package_file(path) as temporary, temporary.open("wb") as target:
        _write_head(target, module, content)
        _write_data(target, module, content, fragment)
    return path


def _write_head(target: BinaryIO, module: Module, content: tuple[Entry, ...]) -> None:
    epoch = module.source_date_epoch
    control = stanza(control_fields(module, content)).encode()
    archive = tar.header("control", mode=FILE_MODE, size=len(control), mtime=epoch)
    archive = frame(archive + control + tar.padding(len(control)) + tar.END)
    target.write(ar.MAGIC)
    for name, data in (("debian-binary", PACKAGE_FORMAT), ("control.tar.gz", archive)):
        target.writelines((ar.header(name, len(data), epoch), data, ar.padding(len(data))))


def _write_data(target: BinaryIO, module: Module, content: tuple[Entry, ...], fragment: Path) -> None:
    epoch = module.source_date_epoch
    *small, last = content
    before = b"".join(
        _tar_header(entry, epoch) + entry.content + tar.padding(entry.size) for entry in small
    ) + _tar_header(last, epoch)
    after = tar.padding(last.size) + tar.END
    length = framed_size(len(before), last.size, len(after))
    target.write(ar.header("data.tar.gz", length, epoch))
    framing = StoredWriter(target.write)
    framing.write(before)
    with fragment.open("rb", buffering=0) as source:
        check_fragment(module, fragment, size=framing.copy(source))
    framing.write(after)
    framing.close()
    target.write(ar.padding(length))


def _tar_header(entry: Entry, epoch: int) -> bytes:
    return tar.header(entry.path, mode=entry.mode, size=entry.size, mtime=epoch)
