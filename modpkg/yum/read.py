"""Reads what a repository has to know of an rpm. Never trusts its sizes and never unpacks its payload."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from modpkg.errors import BadInputError
from modpkg.rpm.read import examine

if TYPE_CHECKING:
    from pathlib import Path

    import createrepo_c

LEAD_BYTES: Final = 96
LEAD_MAGIC: Final = b"\xed\xab\xee\xdb"
HEADER_MAGIC: Final = b"\x8e\xad\xe8\x01"
HEADER_SHA256_TAG: Final = 273
STRING_TYPE: Final = 6
MOST_ENTRIES: Final = 1 << 12
MOST_BYTES: Final = 1 << 20
SHA256: Final = re.compile(r"[0-9a-f]{64}")
WITHOUT_DIGEST: Final = "cannot take an rpm without a sha256 digest of its header"
FRAGMENT_PROVIDE: Final = "modpkg-fragment(sha256)"


@dataclass(frozen=True, slots=True, kw_only=True)
class RpmFacts:
    """What identifies an rpm. `header_sha256` covers all but its signature; `fragment` may be "".

    `payload` is where its payload begins, in bytes.
    """

    name: str
    version: str
    release: str
    architecture: str
    build_time: int
    header_sha256: str
    fragment: str
    payload: int


def read_rpm(path: Path) -> RpmFacts:
    """Read an rpm's facts; raises BadInputError when it is none, or one without a digest of its header."""
    header = examine(path)
    if header.epoch:
        raise BadInputError(f"cannot take an rpm with epoch {header.epoch}", where=str(path))
    provided = dict(relation.split(" = ") for relation in header.provides if " = " in relation)
    digest = header.header_sha256 or ""
    if not SHA256.fullmatch(digest):
        raise BadInputError(WITHOUT_DIGEST, where=str(path))
    return RpmFacts(
        name=header.name,
        version=header.version,
        release=header.release,
        architecture=header.arch,
        build_time=header.build_time,
        header_sha256=digest,
        fragment=provided.get(FRAGMENT_PROVIDE, ""),
        payload=header.payload,
    )


def read_package(path: Path) -> createrepo_c.Package:
    """Give createrepo_c's view of an rpm; its `pkgId` is the sha256 of the file."""
    import createrepo_c  # noqa: PLC0415 - slow to load, and few rpms need it

    try:
        return createrepo_c.package_from_rpm(str(path), checksum_type=createrepo_c.SHA256)
    except (createrepo_c.CreaterepoCError, OSError) as error:
        raise BadInputError(f"cannot read this as an rpm: {error}", where=str(path)) from error


def header_digest(path: Path) -> str:
    """Give the sha256 of an rpm's header, which covers its payload: signing does not change it."""
    with path.open("rb") as stream:
        lead = stream.read(LEAD_BYTES)
        if not lead.startswith(LEAD_MAGIC):
            raise BadInputError("cannot read this as an rpm: it does not begin like one", where=str(path))
        digest = _string_tag(stream, HEADER_SHA256_TAG)
    if digest is None or not SHA256.fullmatch(digest):
        raise BadInputError(WITHOUT_DIGEST, where=str(path))
    return digest


def _string_tag(stream: BinaryIO, wanted: int) -> str | None:
    intro = stream.read(16)
    if len(intro) < len(HEADER_MAGIC) + 12 or not intro.startswith(HEADER_MAGIC):
        return None
    count, size = struct.unpack(">II", intro[8:])
    if count > MOST_ENTRIES or size > MOST_BYTES:
        return None
    index, data = stream.read(16 * count), stream.read(size)
    if len(index) != 16 * count or len(data) != size:
        return None
    for tag, kind, offset, _ in struct.iter_unpack(">IIII", index):
        if (tag, kind) == (wanted, STRING_TYPE) and offset < size:
            return data[offset:].partition(b"\0")[0].decode("ascii", "replace")
    return None
