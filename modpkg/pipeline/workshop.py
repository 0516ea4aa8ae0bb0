"""What every build of a platform's modules has in common, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue
    from modpkg.host.mirrors import Mirrors
    from modpkg.model.lock import PlatformLock
    from modpkg.model.platform import Platform
    from modpkg.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """The documents, the lock, the store, and where packages go (`work`).

    `fast` builds at a cheap compression level and marks the result; `offline` never asks the network.
    """

    catalogue: Catalogue
    platform: Platform
    lock: PlatformLock
    store: Store
    mirrors: Mirrors
    work: Path
    fast: bool = False
    offline: bool = False

    @property
    def packages(self) -> Path:
        """Where .deb and .rpm files are put."""
        return self.work / "packages" / self.platform.name
