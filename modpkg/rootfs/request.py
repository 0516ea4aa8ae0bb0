"""What is asked of a platform's archive, and its digest, which tells a lock that is stale. It resolves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.formats.canonical import digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.model.platform import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one module asks for. `below` names the modules it lies on; the lowest has none.

    `build` are packages that are there while it is built, and not in it.
    """

    module: str
    packages: tuple[str, ...]
    below: tuple[str, ...] = ()
    build: tuple[str, ...] = ()


def lock_inputs(platform: Platform, requests: Sequence[Request]) -> str:
    """Give the digest of what a lock is made from: another one makes the lock stale."""
    return digest_of(
        {
            "platform": platform.name,
            "architecture": platform.architecture,
            "sources": platform.sources,
            "requests": {
                request.module: {
                    "packages": sorted(request.packages),
                    "below": sorted(request.below),
                    # Not said where there are none: a lock made before there could be any is no staler for it.
                    **({"build": sorted(request.build)} if request.build else {}),
                }
                for request in requests
            },
        }
    )
