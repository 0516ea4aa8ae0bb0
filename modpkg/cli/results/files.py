"""What commands about a share's files answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.model.files import PLAN

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.pipeline.files import PlannedFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesResult:
    """What nodes apply, by kind; `is_current` says that the share's plan is this one already."""

    share: Path
    documents: tuple[str, ...]
    groups: dict[str, int]
    directories: int
    copies: int
    links: int
    plan: Path
    is_current: bool
    is_written: bool


def files_result(planned: PlannedFiles, *, is_written: bool) -> FilesResult:
    """Tell what a plan holds."""
    kinds = [entry.kind for entry in planned.plan.entries]
    return FilesResult(
        share=planned.share,
        documents=tuple(sorted(planned.plan.sources)),
        groups={name: len(nodes) for name, nodes in sorted(planned.plan.groups.items())},
        directories=kinds.count("directory"),
        copies=kinds.count("copy"),
        links=kinds.count("link"),
        plan=planned.share / PLAN,
        is_current=not planned.is_new or is_written,
        is_written=is_written,
    )
