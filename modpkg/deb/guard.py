"""What a .deb must satisfy before anything that it says is believed.

A negative size makes a library loop, a small member may unpack to gigabytes. Nothing here writes a file or follows
a path.
"""

from __future__ import annotations

import bz2
import lzma
import re
import tarfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final, Protocol

from modpkg.deb import ar
from modpkg.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Debian Policy 12.7: the name for a version with a revision; lintian takes another one for an error.
CHANGELOG: Final = "changelog.Debian.gz"
CONTROL_LIMIT: Final = 16 << 20
FORMAT: Final = re.compile(rb"2\.[0-9]+\n")
# deb(5).
DATA_NAMES: Final = frozenset(f"data.tar{suffix}" for suffix in ("", ".gz", ".xz", ".zst", ".bz2", ".lzma"))
AR_LINE: Final = 16
DECODER_MEMORY: Final = 128 << 20
FAULTS: Final = (
    EOFError,
    KeyError,
    ValueError,
    OSError,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
)


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


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


def parts(stream: IO[bytes], length: int) -> tuple[ar.Member, ar.Member]:
    """Give the control and the data member of a .deb, in the order deb(5) demands.

    Members whose names begin with an underscore may stand between: dpkg ignores them too. Raises ValueError.
    """
    known = [member for member in ar.members(stream, length) if not member.name.startswith("_")]
    names = [".".join(member.name.split(".")[:2]) for member in known]
    if names != ["debian-binary", "control.tar", "data.tar"]:
        raise ValueError("its members are not debian-binary, control.tar and data.tar")
    if known[2].name not in DATA_NAMES:
        raise ValueError(f"its {known[2].name} is compressed in a way that dpkg does not know")
    stream.seek(known[0].offset)
    if not FORMAT.match(stream.read(min(known[0].size, AR_LINE))):
        raise ValueError("it is not of Debian's package format 2")
    return known[1], known[2]


def control_archive(stream: IO[bytes], member: ar.Member) -> bytes:
    """Unpack a control member; ValueError on more than `CONTROL_LIMIT` bytes or bytes behind its end."""
    if member.size > CONTROL_LIMIT:
        raise ValueError(f"its {member.name} is larger than {CONTROL_LIMIT} bytes")
    decoder = _decoder(member.name)
    stream.seek(member.offset)
    packed = stream.read(member.size)
    if decoder is None:
        return packed
    archive = decoder.decompress(packed, CONTROL_LIMIT + 1)
    if len(archive) > CONTROL_LIMIT:
        raise ValueError(f"its {member.name} unpacks to more than {CONTROL_LIMIT} bytes")
    if not decoder.eof:
        raise EOFError(f"its {member.name} is cut off")
    if decoder.unused_data:
        raise ValueError(f"its {member.name} has bytes behind its end")
    return archive


def _decoder(name: str) -> _Decoder | None:
    suffix = name.removeprefix("control.tar")
    if suffix == "":
        return None
    if suffix == ".gz":
        return zlib.decompressobj(wbits=31)
    if suffix in {".xz", ".lzma"}:
        return lzma.LZMADecompressor(memlimit=DECODER_MEMORY)
    if suffix == ".bz2":
        return bz2.BZ2Decompressor()
    # Python 3.11 cannot unpack zstd, and a program for it knows no limit.
    raise ValueError(f"its {name} is compressed in a way that modpkg neither writes nor reads")
