"""The files that nodes apply: documents of a share checked, and the plan written beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.formats.share_documents import load_share
from modpkg.host.files import write_atomically
from modpkg.model.files import PLAN, plan_text

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.host.files import Receipt
    from modpkg.model.files import FilesPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFiles:
    """A share's plan as it should be; `is_new` if the share has another one or none."""

    share: Path
    plan: FilesPlan
    text: str
    is_new: bool


def plan_files(share: Path) -> PlannedFiles:
    """Check all documents of a share and work out its plan; raises DocumentError with all faults at once."""
    plan = load_share(share)
    text = plan_text(plan)
    path = share / PLAN
    is_new = not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text
    return PlannedFiles(share=share, plan=plan, text=text, is_new=is_new)


def write_files(planned: PlannedFiles) -> Receipt:
    """Write the plan into the share by a rename: a node reads the one before or this one."""
    return write_atomically(planned.share / PLAN, planned.text)
