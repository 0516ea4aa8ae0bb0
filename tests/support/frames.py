"""Pieces of indices made up for tests, and frames that are kept in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.formats.frames import Facts, Frame, Frames

if TYPE_CHECKING:
    from collections.abc import Sequence


class MadeFrames(Frames):
    """Makes the text of each piece up; counts what it was asked for."""

    def __init__(self) -> None:
        self.kept: dict[str, Frame] = {}
        self.asked: list[str] = []
        self.known: dict[str, Facts] = {}

    def frame(self, key: str) -> Frame | None:
        return self.kept.get(key)

    def keep(self, key: str, frame: Frame) -> None:
        self.kept[key] = frame

    def facts(self, key: str) -> Facts | None:
        return self.known.get(key)

    def keep_facts(self, key: str, facts: Facts) -> None:
        self.known[key] = facts

    def texts(self, kind: str, digests: Sequence[str]) -> Sequence[bytes]:
        self.asked += digests
        return [self.text(kind, digest).encode() for digest in digests]

    def text(self, kind: str, digest: str) -> str:
        return f"{kind} {digest}\n"
