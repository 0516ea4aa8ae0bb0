"""Takes single paths out of a squashfs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.host.files import temporary_directory
from modpkg.host.run import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def extract(fragment: Path, paths: Sequence[str], tree: Path) -> None:
    """Write `paths` of a squashfs, and the directories that lead to them, below `tree`, which may exist."""
    with temporary_directory(tree.parent) as scratch:
        names = scratch / "names"
        names.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8", errors="surrogateescape")
        command = ["unsquashfs", "-no-progress", "-quiet", "-force", "-no-wildcards"]
        run([*command, "-dest", tree, "-ef", names, fragment])
