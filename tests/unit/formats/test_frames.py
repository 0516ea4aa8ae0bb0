from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from modpkg.formats.frames import Framed, Text, cut, grouped, pack
from tests.support.frames import MadeFrames

if TYPE_CHECKING:
    from collections.abc import Sequence


def framed(kind: str, names: Sequence[str], frames: MadeFrames, **around: bytes) -> Framed:
    return Text(kind=kind, groups=grouped(names), frames=frames, plain=True, **around).make()


def digests(count: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]


def test_an_index_is_one_gzip_file_of_all_its_pieces() -> None:
    names = digests(300)
    made = framed("x", names, MadeFrames(), opening=b"<", closing=b">")
    text = "".join(f"x {name}\n" for name in names)
    assert gzip.decompress(made.packed).decode() == f"<{text}>"
    assert made.raw.decode() == f"<{text}>"
    assert (made.facts.size, made.facts.sha256) == (len(made.raw), hashlib.sha256(made.raw).hexdigest())


def test_one_new_piece_changes_one_frame_wherever_it_is_put_in() -> None:
    names, frames = digests(1000), MadeFrames()
    framed("x", names, frames)
    assert len(frames.kept) > 8
    for position in (0, 500, 1000):
        new = hashlib.sha256(f"new {position}".encode()).hexdigest()
        before = set(frames.kept)
        frames.asked.clear()
        framed("x", [*names[:position], new, *names[position:]], frames)
        # Two where the new piece ends a frame.
        assert len(frames.kept.keys() - before) in (1, 2)
        assert len(frames.asked) < 700


def test_a_frame_that_was_kept_is_not_made_again() -> None:
    names, frames = digests(200), MadeFrames()
    first = framed("x", names, frames)
    frames.asked.clear()
    assert framed("x", names, frames) == first
    assert frames.asked == []


def test_kinds_do_not_share_frames() -> None:
    names, frames = digests(3), MadeFrames()
    assert framed("x", names, frames).raw != framed("y", names, frames).raw


def test_the_bytes_are_a_function_of_the_packages_alone() -> None:
    names = digests(500)
    frames = MadeFrames()
    framed("x", names[::2], frames)
    assert framed("x", names, frames).packed == framed("x", names, MadeFrames()).packed


def test_groups_are_cut_by_digests_and_lose_none() -> None:
    names = digests(2000)
    groups = list(cut(names))
    assert [name for group in groups for name in group] == names
    assert all(group[-1].endswith(("00", "40", "80", "c0")) for group in groups[:-1])
    assert list(cut([])) == []


def test_an_empty_index_is_still_a_gzip_file() -> None:
    made = framed("x", [], MadeFrames())
    assert (gzip.decompress(made.packed), made.facts.size) == (b"", 0)


def test_a_frame_holds_no_time_and_no_name() -> None:
    assert pack(b"x").packed[3:8] == bytes(5)


def test_an_index_that_was_made_is_known_by_its_packages_and_what_stands_around_them() -> None:
    frames = MadeFrames()
    text = Text(kind="x", groups=grouped(digests(200)), frames=frames, opening=b"<")
    assert text.known() is None
    made = text.make()
    facts = made.facts
    assert facts == text.known()
    assert (facts.packed_size, made.raw) == (len(made.packed), b"")
    assert facts.size == len(gzip.decompress(made.packed))
    assert facts.packed_sha256 == hashlib.sha256(made.packed).hexdigest()
    others = (
        replace(text, kind="y"),
        replace(text, groups=grouped(digests(199))),
        replace(text, opening=b">"),
        replace(text, opening=b"", closing=b"<"),
    )
    assert [other.known() for other in others] == [None] * 4
