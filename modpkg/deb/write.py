"""Writes a module's .deb directly: no dpkg-deb, no compressor, no clock.

The fragment is read once; its digest and that of the package are computed while it is copied. There is no
maintainer script, and no md5sums: dpkg makes that file itself when it unpacks (docs/explanation/packages.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.deb import ar, tar
from modpkg.deb.control import control_fields, stanza
from modpkg.deb.guard import CHANGELOG
from modpkg.errors import ModpkgError
from modpkg.formats.hashing import Sha256Thread
from modpkg.formats.output import package_file
from modpkg.formats.payload import FILE_MODE, check_fragment, entries
from modpkg.formats.stored import StoredWriter, frame, framed_size
from modpkg.host.files import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from modpkg.formats.payload import Entry
    from modpkg.model.module import Module

    Write = Callable[[bytes | memoryview], object]

PACKAGE_FORMAT: Final = b"2.0\n"


def write_deb(module: Module, *, fragment: Path, documents: Mapping[str, bytes], directory: Path) -> Receipt:
    """Write `<package>_<version>_<architecture>.deb` into `directory`.

    `documents` are further files for /usr/share/doc by name, given plain also where the name ends in .gz.
    Raises BadInputError when `fragment` is not the one that `module` names.
    """
    path = directory / f"{module.package_name}_{module.version}_{module.architecture}.deb"
    if module.fragment.size > tar.LARGEST_FILE:
        raise ModpkgError(f"cannot write {path.name}: a .deb holds fragments of less than 8 GiB")
    content = entries(module, documents, changelog=CHANGELOG)
    with package_file(path) as temporary:
        with (
            Sha256Thread() as package_digest,
            Sha256Thread() as fragment_digest,
            fragment.open("rb", buffering=0) as source,
            temporary.open("wb") as target,
        ):

            def write(data: bytes | memoryview) -> None:
                target.write(data)
                package_digest.update(data)

            def copy(framing: StoredWriter) -> None:
                size = framing.copy(source, fragment_digest.update)
                check_fragment(module, fragment, size=size)

            _write_head(write, module, content)
            _write_data(write, module, content, copy)
            size = target.tell()
        check_fragment(module, fragment, sha256=fragment_digest.hexdigest())
    return Receipt(path=path, size=size, sha256=package_digest.hexdigest())


def _write_head(write: Write, module: Module, content: tuple[Entry, ...]) -> None:
    epoch = module.source_date_epoch
    control = stanza(control_fields(module, content)).encode()
    archive = tar.header("control", mode=FILE_MODE, size=len(control), mtime=epoch)
    archive = frame(archive + control + tar.padding(len(control)) + tar.END)
    write(ar.MAGIC)
    for name, data in (("debian-binary", PACKAGE_FORMAT), ("control.tar.gz", archive)):
        write(ar.header(name, len(data), epoch) + data + ar.padding(len(data)))


def _write_data(
    write: Write, module: Module, content: tuple[Entry, ...], copy: Callable[[StoredWriter], None]
) -> None:
    epoch = module.source_date_epoch
    *small, fragment = content
    before = b"".join(
        _tar_header(entry, epoch) + entry.content + tar.padding(entry.size) for entry in small
    ) + _tar_header(fragment, epoch)
    after = tar.padding(fragment.size) + tar.END
    length = framed_size(len(before), fragment.size, len(after))
    write(ar.header("data.tar.gz", length, epoch))
    framing = StoredWriter(write)
    framing.write(before)
    copy(framing)
    framing.write(after)
    framing.close()
    write(ar.padding(length))


def _tar_header(entry: Entry, epoch: int) -> bytes:
    return tar.header(entry.path, mode=entry.mode, size=entry.size, mtime=epoch)
