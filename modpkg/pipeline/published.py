"""What the packages of a repository are called: from the names of the pool's files. Never opens a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.pipeline.pairs import Identity, PooledPair
from modpkg.pipeline.pool import find_in_pool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from modpkg.model.repository import Places


def published_pairs(places: Places, digests: Iterable[str]) -> dict[Identity, PooledPair]:
    """Give each .deb of these packages together with its .rpm."""
    pooled = [find_in_pool(places, digest) for digest in sorted(digests)]
    rpms = {package.file_name: package for package in pooled if package.path.endswith(".rpm")}
    pairs = {}
    for deb in pooled:
        if deb.path.endswith(".deb"):
            identity = Identity.of_deb(deb.file_name)
            pairs[identity] = PooledPair(deb=deb, rpm=rpms[identity.rpm_name])
    return pairs
