"""The lock of a platform as builds use it: read, and refused when it is stale. It never makes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.formats.canonical import read_record
from modpkg.formats.catalogue import below, order
from modpkg.model.lock import PlatformLock
from modpkg.rootfs.request import Request, lock_inputs

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue
    from modpkg.model.platform import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to lock: a platform and what the modules ask for."""

    platform: Platform
    requests: tuple[Request, ...]

    @classmethod
    def of(cls, catalogue: Catalogue, platform: str) -> Wish:
        """Take it from the recipes. Raises BadInputError when there is no such platform."""
        if platform not in catalogue.platforms:
            raise BadInputError(
                f"cannot find the platform {platform!r}",
                where=str(catalogue.root / "platforms"),
                hint=f"there are {', '.join(sorted(catalogue.platforms)) or 'none'}",
            )
        requests = (
            Request(
                module=name,
                packages=catalogue.recipes[name].recipe.packages_for(platform),
                build=catalogue.recipes[name].recipe.build_packages_for(platform),
                below=below(catalogue, name),
            )
            for name in order(catalogue, platform)
        )
        return cls(platform=catalogue.platforms[platform], requests=tuple(requests))

    @property
    def renewal(self) -> str:
        """The command that makes the lock anew."""
        return f"invoke lock-platform {self.platform.name}"


def lock_path(recipes: Path, platform: str) -> Path:
    """Give where the lock of a platform lies below a directory of recipes."""
    return recipes / "platforms" / f"{platform}.lock"


def load_platform_lock(path: Path, wish: Wish) -> PlatformLock:
    """Read a lock. Raises BadInputError, with the command that renews it, when it is missing or stale."""
    hint = f"{wish.renewal} makes it"
    if not path.exists():
        raise BadInputError(
            f"cannot find the lock of platform {wish.platform.name!r}", where=str(path), hint=hint
        )
    lock = read_record(path, PlatformLock, hint=hint)
    if lock.inputs != lock_inputs(wish.platform, wish.requests):
        raise BadInputError(
            "cannot use this lock: it is stale, as the platform's sources or what recipes ask for changed",
            where=str(path),
            hint=f"{wish.renewal} renews it",
        )
    return lock
