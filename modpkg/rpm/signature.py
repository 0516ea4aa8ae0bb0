"""The signature in the header of an .rpm, taken out for gpgv. Verifies nothing itself.

It covers the main header, and that has the digest of the payload.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.rpm.guard import ALIGNMENT, FAULTS, LEAD_BYTES, LEAD_MAGIC, Checked, check_header, text_of
from modpkg.rpm.tags import Signature, Tag, Type

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURES: Final = (Signature.RSA, Signature.EDDSA)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHeader:
    """A main header as it was signed, its signature (none: b""), and the name that it gives its package."""

    content: bytes
    signature: bytes
    name: str
    version: str
    release: str
    architecture: str


def read_signed_header(stream: IO[bytes], *, where: str) -> SignedHeader:
    """Read the headers at the beginning of an .rpm; raises BadInputError when they are not sound."""
    try:
        return _read(stream)
    except FAULTS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = str(error) or type(error).__name__
        raise BadInputError(f"cannot read the package: {reason}", where=where) from error


def _read(stream: IO[bytes]) -> SignedHeader:
    if not stream.read(LEAD_BYTES).startswith(LEAD_MAGIC):
        raise ValueError("it is not an rpm package")
    signature = check_header(stream, LEAD_BYTES)
    start = signature.end + -signature.end % ALIGNMENT
    main = check_header(stream, start)
    if text_of(signature, Signature.SHA256) not in (None, main.sha256):
        raise ValueError("its header does not match its digest")
    stream.seek(start)
    words = (text_of(main, tag) or "" for tag in (Tag.NAME, Tag.VERSION, Tag.RELEASE, Tag.ARCH))
    name, version, release, architecture = words
    return SignedHeader(
        content=stream.read(main.end - start),
        signature=next(_signatures(signature), b""),
        name=name,
        version=version,
        release=release,
        architecture=architecture,
    )


def _signatures(header: Checked) -> Iterator[bytes]:
    for tag, kind, offset, count in header.index:
        if tag in SIGNATURES and kind == Type.BIN:
            yield header.data[offset : offset + count]
