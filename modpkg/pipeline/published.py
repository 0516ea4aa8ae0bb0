"""Which pairs of packages were ever published. Never opens a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.pipeline.pairs import PooledPair

if TYPE_CHECKING:
    from collections.abc import Iterable

    from modpkg.pipeline.identity import Identity
    from modpkg.pipeline.index import Index


def published_pairs(index: Index, names: Iterable[str]) -> dict[Identity, PooledPair]:
    """Give all published versions of these packages, each .deb together with its .rpm."""
    found = [package for name in sorted(set(names)) for package in index.published(name)]
    rpms = {package.identity: package.pooled for package in found if not package.is_deb}
    return {
        package.identity: PooledPair(deb=package.pooled, rpm=rpms[package.identity])
        for package in found
        if package.is_deb
    }
