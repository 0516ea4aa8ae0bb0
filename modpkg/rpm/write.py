"""Writes a module's .rpm directly: no rpmbuild, no compressor, no clock, no scriptlet.

The header, which stands before the payload and holds its digest, has a length that is known beforehand: its
place is left free and filled when the payload is written. That digest is the only one that is computed: the
fragment's stands in module.json.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, BinaryIO, Final

from modpkg.errors import ModpkgError
from modpkg.formats.hashing import Sha256Thread
from modpkg.formats.output import package_file
from modpkg.formats.payload import BASE_DIRECTORIES, check_fragment, entries
from modpkg.formats.stored import StoredWriter, framed_size
from modpkg.rpm import cpio
from modpkg.rpm.control import architecture, header_values
from modpkg.rpm.header import Value, binary, encode, integers, string
from modpkg.rpm.tags import Signature, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from modpkg.formats.payload import Entry
    from modpkg.model.module import Module

CHANGELOG: Final = "changelog.gz"
LEAD: Final = struct.Struct(">4sBBhh66shh16x")
LEAD_MAGIC: Final = bytes.fromhex("edabeedb")
LEAD_NAME_BYTES: Final = 65
LEAD_FORMAT: Final = (3, 0)
LEAD_BINARY, LEAD_LINUX, LEAD_SIGNED = 0, 1, 5
LEAD_ARCHITECTURES: Final = {"x86_64": 1, "aarch64": 19}
SIGNATURE_ALIGNMENT: Final = 8
# Room in which rpmsign puts a signature without writing the payload again; as much as rpmbuild leaves.
RESERVED_BYTES: Final = 4128
UNKNOWN_SHA256: Final = "0" * 64
LARGEST: Final = 0xFFFFFFFF


def write_rpm(module: Module, *, fragment: Path, documents: Mapping[str, bytes], directory: Path) -> Path:
    """Write `<package>-<version>-<release>.<architecture>.rpm` into `directory` and give its path.

    `documents` are further files for /usr/share/doc by name, given plain also where the name ends in .gz.
    The caller knows that `fragment` has the digest that `module` names; raises BadInputError when its size is another.
    """
    path = directory / f"{module.package_name}-{module.version}.{architecture(module)}.rpm"
    content = [
        entry
        for entry in entries(module, documents, changelog=CHANGELOG)
        if entry.path not in BASE_DIRECTORIES
    ]
    before, after = _around(module, content)
    size = framed_size(len(before), module.fragment.size, len(after))
    unpacked = len(before) + module.fragment.size + len(after)
    name, number = f"{module.package_name}-{module.version}", LEAD_ARCHITECTURES[architecture(module)]
    if size > LARGEST:
        raise ModpkgError(f"cannot write {path.name}: an .rpm of modpkg holds less than 4 GiB")

    def head(payload_sha256: str) -> bytes:
        main = encode(header_values(module, content, payload_sha256), region=Tag.REGION)
        return lead(name, number) + signature_of(main, size, unpacked) + main

    with package_file(path) as temporary, temporary.open("wb") as target:
        target.seek(len(head(UNKNOWN_SHA256)))
        payload_sha256 = _write_payload(target, module, fragment, (before, after))
        target.seek(0)
        target.write(head(payload_sha256))
    return path


def _write_payload(target: BinaryIO, module: Module, fragment: Path, around: tuple[bytes, bytes]) -> str:
    with Sha256Thread() as digest, fragment.open("rb", buffering=0) as source:

        def write(data: bytes | memoryview) -> None:
            target.write(data)
            digest.update(data)

        framing = StoredWriter(write)
        framing.write(around[0])
        check_fragment(module, fragment, size=framing.copy(source))
        framing.write(around[1])
        framing.close()
    return digest.hexdigest()


def _around(module: Module, content: Sequence[Entry]) -> tuple[bytes, bytes]:
    *small, fragment = content
    inode = {entry.path: number for number, entry in enumerate(sorted(content, key=lambda e: e.path), 1)}

    def header(entry: Entry) -> bytes:
        return cpio.header(
            f"./{entry.path}",
            mode=entry.mode,
            size=entry.size,
            mtime=module.source_date_epoch,
            inode=inode[entry.path],
        )

    packed = (header(entry) + entry.content + cpio.padding(entry.size) for entry in small)
    return b"".join(packed) + header(fragment), cpio.padding(fragment.size) + cpio.end()


def lead(name: str, number: int) -> bytes:
    """Give the first bytes of an rpm. Only the magic is still read; the rest is there for file(1)."""
    text = name.encode()[:LEAD_NAME_BYTES]
    return LEAD.pack(LEAD_MAGIC, *LEAD_FORMAT, LEAD_BINARY, number, text, LEAD_LINUX, LEAD_SIGNED)


def signature_of(main: bytes, size: int, unpacked: int) -> bytes:
    """Give the signature header of an unsigned rpm, padded: digest, sizes, room for a signature."""
    values: dict[int, Value] = {
        Signature.SHA256: string(hashlib.sha256(main).hexdigest()),
        Signature.SIZE: integers([len(main) + size]),
        Signature.PAYLOAD_SIZE: integers([unpacked & LARGEST]),
        Signature.RESERVED_SPACE: binary(bytes(RESERVED_BYTES)),
    }
    raw = encode(values, region=Signature.REGION)
    return raw + bytes(-len(raw) % SIGNATURE_ALIGNMENT)
