"""Which channel of which repository a publisher changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to publish: the directory of a repository, its document, one of its channels."""

    repository: Path
    document: Repository
    channel: str

    def check(self) -> None:
        """Refuse a channel that the document does not have."""
        if self.channel not in self.document.channels:
            raise BadInputError(
                f"cannot publish to channel {self.channel!r}: there is none of that name",
                hint=f"{self.document.name} has {', '.join(self.document.channels)}",
            )
