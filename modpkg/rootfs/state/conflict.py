"""What is wrong with the state of a set of modules, as values: all of it is found before anyone is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.errors import ModpkgError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, order=True)
class Side:
    """What one module has."""

    module: str
    has: str


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Conflict:
    """Two or more modules disagree about one thing (`subject`) in one database (a path)."""

    database: str
    subject: str
    sides: tuple[Side, ...]

    def __str__(self) -> str:
        sides = ", ".join(f"{side.module} has {side.has!r}" for side in self.sides)
        return f"{self.database}: {self.subject}: {sides}"


class StateError(ModpkgError):
    """State cannot be taken or merged; `conflicts` holds every reason."""

    def __init__(self, what: str, conflicts: Iterable[Conflict], *, hint: str = "") -> None:
        self.conflicts = tuple(sorted(set(conflicts)))
        lines = "".join(f"\n    {conflict}" for conflict in self.conflicts)
        super().__init__(f"{what}{lines}", hint=hint)


def disagreement(
    database: str, subject: str, shares: Sequence[tuple[str, str | None]] | Sequence[tuple[str, str]]
) -> tuple[Conflict, ...]:
    """Give a conflict if modules have different things; None is having nothing."""
    if len({has for _, has in shares}) <= 1:
        return ()
    sides = tuple(sorted({Side(module, "nothing" if has is None else has) for module, has in shares}))
    return (Conflict(database=database, subject=subject, sides=sides),)
