"""What is wrong with a set of modules, as values. All of it is found before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from modpkg.rootfs.state.conflict import Conflict, Side


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Finding:
    """One fault: what it is about (a path, package or module), what is wrong, what each module has."""

    about: str
    what: str
    sides: tuple[Side, ...] = ()
    hint: str = ""

    def __str__(self) -> str:
        lines = [f"{self.about}: {self.what}"]
        lines += [f"  {side.module} has {side.has}" for side in self.sides]
        lines += [f"  hint: {self.hint}"] if self.hint else []
        return "\n".join(lines)


class CheckError(BadInputError):
    """A set of modules that makes no image; `findings` holds every reason, sorted."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(set(findings)))
        count = len(self.findings)
        lines = [line for finding in self.findings for line in str(finding).split("\n")]
        head = f"cannot make an image of these modules: {count} finding{'' if count == 1 else 's'}"
        super().__init__("\n    ".join([head, *lines]))


def finding_of(conflict: Conflict) -> Finding:
    """Give a conflict of state as a finding."""
    return Finding(about=f"/{conflict.database}", what=f"{conflict.subject} differs", sides=conflict.sides)
