"""Which parts of a library ldconfig reads: held against the host's own libraries and its own ldconfig."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from modpkg.host.run import run
from modpkg.image.elf import HEADER, SEGMENT, needed_parts

LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")


def parts_of(content: bytes) -> list[tuple[int, int]]:
    return needed_parts(lambda start, end: content[start:end], len(content))


def outline(content: bytes) -> bytes:
    found = bytearray(len(content))
    for start, end in parts_of(content):
        found[start:end] = content[start:end]
    return bytes(found)


def libraries() -> list[Path]:
    return sorted(path for path in LIBRARIES.glob("lib*.so*") if path.is_file() and not path.is_symlink())[
        :150
    ]


@pytest.mark.programs
def test_ldconfig_makes_the_same_cache_of_outlines(tmp_path: Path) -> None:
    found = libraries()
    assert len(found) > 20
    for name in ("whole", "outlined"):
        (tmp_path / name / "usr/lib").mkdir(parents=True)
        (tmp_path / name / "etc").mkdir()
        (tmp_path / name / "lib").symlink_to("usr/lib")
    for path in found:
        content = path.read_bytes()
        (tmp_path / "whole/usr/lib" / path.name).write_bytes(content)
        (tmp_path / "outlined/usr/lib" / path.name).write_bytes(outline(content))
    for name in ("whole", "outlined"):
        run(["ldconfig", "-X", "-r", tmp_path / name])
    cache = (tmp_path / "whole/etc/ld.so.cache").read_bytes()
    assert cache.count(b".so") > 20
    assert (tmp_path / "outlined/etc/ld.so.cache").read_bytes() == cache


def test_much_of_a_library_is_not_needed() -> None:
    content = (LIBRARIES / "libc.so.6").resolve().read_bytes()
    assert sum(end - start for start, end in parts_of(content)) < len(content) / 5


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"/* GNU ld script */",
        b"\x7fELF",
        b"\x7fELF\x01\x01" + bytes(300),
        b"\x7fELF\x02\x02" + bytes(300),
        b"\x7fELF\x02\x01" + bytes(300),
    ],
)
def test_what_is_no_plain_library_is_needed_whole(content: bytes) -> None:
    assert parts_of(content) == [(0, len(content))]


def made(*segments: tuple[int, int, int, int], length: int = SEGMENT.size, more: bytes = b"") -> bytes:
    head = HEADER.pack(
        b"\x7fELF\x02\x01\x01", 3, 62, 1, 0, HEADER.size, 0, 0, HEADER.size, length, len(segments), 0, 0, 0
    )
    table = b"".join(
        SEGMENT.pack(kind, 0, start, address, 0, size, size, 8) for kind, start, address, size in segments
    )
    return (head + table + more).ljust(1000, b"\0")


DYNAMIC = struct.pack("<6Q", 5, 0x1100, 10, 16, 0, 0)


def test_strings_are_found_by_their_address() -> None:
    at = HEADER.size + 2 * SEGMENT.size
    content = made((1, 0, 0x1000, 1000), (2, at, 0x1000 + at, len(DYNAMIC)), more=DYNAMIC)
    assert parts_of(content) == [(0, 64), (64, at), (at, at + len(DYNAMIC)), (0x100, 0x110)]


@pytest.mark.parametrize(
    "content",
    [
        made((1, 0, 0x1000, 1000), length=32),
        made((1, 0, 0x9000, 1000), (2, 176, 0x1100, 48), more=DYNAMIC),
        made((1, 0, 0x1000, 1000), (2, 176, 0x1100, 1 << 30), more=DYNAMIC),
        made((4, 900, 0, 200)),
        made(*[(4, 0, 0, 1)] * 65),
    ],
    ids=["other segments", "strings nowhere", "a huge list", "a note behind the end", "too many segments"],
)
def test_what_contradicts_itself_is_needed_whole(content: bytes) -> None:
    assert parts_of(content) == [(0, len(content))]


def test_no_damage_is_a_crash_or_a_part_that_is_not_there() -> None:
    content = min((path.read_bytes() for path in libraries()), key=len)
    chance = random.Random(1)  # noqa: S311 - no secret
    for _ in range(3000):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(min(len(damaged), 4096))] = chance.randrange(256)
        cut = bytes(damaged[: chance.choice((len(damaged), chance.randrange(len(damaged))))])
        assert all(0 <= start <= end <= len(cut) for start, end in parts_of(cut))
