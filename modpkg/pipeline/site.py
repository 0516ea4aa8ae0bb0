"""What this site has: its mirrors, its store. Read from the environment and the user's configuration.

It reads only; no address that it knows enters a lock, a package or a message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.errors import DocumentError
from modpkg.formats.documents import examine
from modpkg.host.config import find_config
from modpkg.host.mirrors import Mirrors
from modpkg.model.config import Config
from modpkg.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where packages come from and where they stay. An offline site uses the store and `kept` alone.

    `kept` is where a repository keeps distribution packages, each in a folder named by its digest.
    """

    mirrors: Mirrors
    store: Store
    offline: bool = False
    kept: Path | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str], *, offline: bool = False, kept: Path | None = None) -> Site:
        """Find what the user has set. Raises BadInputError when the configuration is wrong."""
        path = find_config(environ)
        config = load_config(path) if path else Config()
        mirrors = Mirrors(environ=environ, configured=config.mirrors, snapshots=config.snapshots)
        return cls(mirrors=mirrors, store=Store.default(environ), offline=offline, kept=kept)


def load_config(path: Path) -> Config:
    """Read the user's configuration; raises DocumentError with all its faults."""
    loaded = examine(path, Config)
    if loaded.document is None:
        raise DocumentError(list(loaded.problems))
    return loaded.document
