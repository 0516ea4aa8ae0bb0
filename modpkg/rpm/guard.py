"""What an .rpm must satisfy before anything that it says is believed.

Each index entry is held against the bytes that are there, the header against its digest and the file against its
length. What the tags mean is `decode`'s.
"""

from __future__ import annotations

import hashlib
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.rpm.header import INDEX, INTRO, MAGIC
from modpkg.rpm.tags import Signature, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

LEAD_BYTES: Final = 96
LEAD_MAGIC: Final = bytes.fromhex("edabeedb")
ALIGNMENT: Final = 8
MOST_ENTRIES: Final = 1 << 9
LARGEST_DATA: Final = 32 << 20
STRING: Final = int(Type.STRING)
TEXTS: Final = frozenset(map(int, (Type.STRING, Type.STRING_ARRAY, Type.I18NSTRING)))
# Plain numbers: a header has 40 entries, and a repository thousands of headers.
WIDTHS: Final = {int(kind): 1 for kind in Type} | {
    int(Type.INT16): 2,
    int(Type.INT32): 4,
    int(Type.INT64): 8,
}
FAULTS: Final = (
    AssertionError,
    EOFError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A header that holds what it promises: its digest, where it ends, its index."""

    sha256: str
    end: int
    index: tuple[tuple[int, int, int, int], ...]
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """Both headers of a package; its payload begins where the main one ends."""

    signature: Checked
    main: Checked


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn every fault that a broken package causes in the block into a BadInputError that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise BadInputError("cannot read the package: there is no such file", where=str(path)) from error
    except FAULTS as error:
        if isinstance(error, OSError) and error.errno is not None:
            # The machine failed, not the package: a full disk, a missing permission.
            raise
        reason = str(error) or type(error).__name__
        raise BadInputError(f"cannot read the package: {reason}", where=str(path)) from error


def check(stream: IO[bytes], length: int) -> Headers:
    """Read both headers of an .rpm of `length` bytes; raises ValueError or EOFError where they are not sound."""
    if not stream.read(LEAD_BYTES).startswith(LEAD_MAGIC):
        raise ValueError("it is not an rpm package")
    signature = check_header(stream, LEAD_BYTES)
    main = check_header(stream, signature.end + -signature.end % ALIGNMENT)
    sha256 = text_of(signature, Signature.SHA256)
    if sha256 not in (None, main.sha256):
        raise ValueError("its header does not match its digest")
    size = _integer(signature, Signature.SIZE)
    start = signature.end + -signature.end % ALIGNMENT
    if size not in (None, length - start):
        raise EOFError("it is cut off" if length - start < (size or 0) else "it has bytes behind its end")
    return Headers(signature=signature, main=main)


def check_header(stream: IO[bytes], start: int) -> Checked:
    """Check the header that begins at `start`; raises ValueError where an entry leads outside of its data."""
    stream.seek(start)
    intro = stream.read(INTRO.size)
    magic, count, size = INTRO.unpack(intro)
    if magic[: len(MAGIC) - 4] != MAGIC[:-4]:
        raise ValueError(f"byte {start} begins no header")
    if not 0 < count <= MOST_ENTRIES or size > LARGEST_DATA:
        raise ValueError("its header has an impossible size")
    raw = stream.read(count * INDEX.size)
    data = stream.read(size)
    if len(raw) != count * INDEX.size or len(data) != size:
        raise EOFError("its header is cut off")
    index = tuple(INDEX.iter_unpack(raw))
    _check_entries(index, data)
    digest = hashlib.sha256(intro + raw + data).hexdigest()
    return Checked(sha256=digest, end=start + len(intro) + len(raw) + size, index=index, data=data)


def _check_entries(index: Iterable[Sequence[int]], data: bytes) -> None:
    size = len(data)
    for tag, kind, offset, count in index:
        width = WIDTHS.get(kind)
        if width is None:
            raise ValueError(f"its header has data of tag {tag} of an unknown type: {kind}")
        if not count or offset + count * width > size:
            raise ValueError(f"its header has data of tag {tag} outside")
        # Counting to the end of the header for each of its texts is a third of what reading one takes.
        if kind in TEXTS and (
            data.find(b"\0", offset) < 0
            if kind == STRING or count == 1
            else data.count(b"\0", offset) < count
        ):
            raise ValueError(f"its header has text of tag {tag} without an end")


def text_of(header: Checked, tag: int) -> str | None:
    """Give the text of a tag, or None when the header does not have it."""
    offset = _offset(header, tag, Type.STRING)
    return None if offset is None else header.data[offset : header.data.index(b"\0", offset)].decode()


def _integer(header: Checked, tag: int) -> int | None:
    offset = _offset(header, tag, Type.INT32)
    return None if offset is None else int.from_bytes(header.data[offset : offset + 4], "big")


def _offset(header: Checked, tag: int, kind: Type) -> int | None:
    return next((entry[2] for entry in header.index if entry[:2] == (tag, kind)), None)
