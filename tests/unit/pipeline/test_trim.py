from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.pipeline.trim import trimming
from tests.support.repos import NOW, modules_of, pen_workshop

if TYPE_CHECKING:
    from pathlib import Path


def test_a_channel_lists_the_newest_versions(tmp_path: Path) -> None:
    workshop = pen_workshop(tmp_path)
    workshop.publish([path for n in (1, 2, 3) for path in workshop.make(version=f"1.0.0-{n}")])
    done = workshop.change(trimming(keep=2, pinned=()), now=NOW + 1)
    assert modules_of(workshop) == ["core 1.0.0-2", "core 1.0.0-3"]
    assert done.plan.reason == "2 of 6 packages are beyond the newest 2 versions"
    again = workshop.change(trimming(keep=2, pinned=()), now=NOW + 2)
    assert again.snapshot == done.snapshot
