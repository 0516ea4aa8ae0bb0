"""Gzip unpacked under a limit: a small file may claim to be gigabytes. Touches no file."""

from __future__ import annotations

import zlib


def unpacked(content: bytes, *, most: int) -> bytes:
    """Unpack gzip of one or more members, to at most `most` bytes; raises ValueError on more."""
    pieces, left = [], most
    while content:
        decoder = zlib.decompressobj(wbits=31)
        piece = decoder.decompress(content, left + 1)
        left -= len(piece)
        if left < 0:
            raise ValueError(f"it unpacks to more than {most} bytes")
        if not decoder.eof:
            raise ValueError("it is cut off")
        pieces.append(piece)
        content = decoder.unused_data
    return b"".join(pieces)
