from __future__ import annotations

import struct

import pytest

from modpkg.squashfs.listing_write import write_listing


def _headers(listings: bytes) -> list[tuple[int, int, int, int]]:
    # Offset, count, block, base of each header.
    found, place = [], 0
    while place < len(listings):
        count, block, base = struct.unpack_from("<3I", listings, place)
        found.append((place, count + 1, block, base))
        place += 12
        for _ in range(count + 1):
            place += 9 + struct.unpack_from("<H", listings, place + 6)[0]
    return found


def test_names_stand_behind_one_header() -> None:
    listings = bytearray()
    assert write_listing(listings, [(b"a", 2, 100, 5), (b"bc", 1, 200, 6)]) == (b"", 0)
    assert listings == struct.pack("<3I", 1, 0, 5) + b"\x64\0\0\0\2\0\0\0a" + b"\xc8\0\1\0\1\0\1\0bc"


@pytest.mark.parametrize(
    ("entries", "headers"),
    [
        ([(b"%05d" % n, 2, 0, 5) for n in range(257)], [256, 1]),
        ([(b"a", 2, 8191, 1), (b"b", 2, 8192, 2)], [1, 1]),
        ([(b"a", 2, 0, 1), (b"b", 2, 0, 32768), (b"c", 2, 0, 40000)], [2, 1]),
        ([(b"a", 2, 0, 40000), (b"b", 2, 0, 1)], [1, 1]),
        ([], []),
    ],
)
def test_a_header_serves_what_it_can(entries: list[tuple[bytes, int, int, int]], headers: list[int]) -> None:
    listings = bytearray()
    write_listing(listings, entries)
    assert [count for _, count, _, _ in _headers(bytes(listings))] == headers


def test_a_long_list_has_an_index_of_the_first_header_in_each_block() -> None:
    listings = bytearray(b"before")
    entries = [(b"%060d" % n, 2, 0, n) for n in range(1, 2000)]
    index, count = write_listing(listings, entries)
    places = {place for place, *_ in _headers(bytes(listings[6:]))}
    found, at = [], 0
    while at < len(index):
        place, block, size = struct.unpack_from("<3I", index, at)
        found.append((place, block, index[at + 12 : at + 13 + size]))
        at += 13 + size
    assert len(found) == count > 2
    for place, block, name in found:
        assert place in places
        assert block == (place + 6) // 8192 * 8194
        assert listings[6 + place + 20 :].startswith(name)
