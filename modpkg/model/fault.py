"""A fault of a repository: which file, and why nobody should trust it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Fault:
    """One fault. `file` is below the repository's `www`."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Faults:
    """All that was found so far; checks add to it and go on."""

    found: set[Fault] = field(default_factory=set)

    def add(self, file: str, reason: str) -> None:
        """Note a fault; the same one counts once."""
        self.found.add(Fault(file=file, reason=reason))
