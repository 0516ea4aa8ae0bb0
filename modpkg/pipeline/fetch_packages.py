"""The packages of a lock into the store: exactly the locked bytes, from where they are kept, mirror or snapshots.

It needs no index of the archive, and no mirror at all when the store has everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.errors import ModpkgError
from modpkg.events import Sink, Warned, ignore
from modpkg.host.mirrors import variable_name
from modpkg.store.failures import Download, FetchError, failure_lines
from modpkg.store.fetch import fetch
from modpkg.store.store import DigestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from modpkg.host.files import Receipt
    from modpkg.host.mirrors import Mirrors
    from modpkg.model.lock import LockedPackage, PlatformLock
    from modpkg.model.platform import Platform
    from modpkg.pipeline.site import Site


class GoneError(ModpkgError):
    """Locked versions are gone from the mirror, and no snapshot has them: the lock must be renewed."""

    def __init__(self, platform: str, *, packages: Sequence[LockedPackage], error: FetchError) -> None:
        self.packages = tuple(packages)
        self.failures = error.failures
        lines = "".join(f"\n    {line}" for line in failure_lines(error.failures))
        others = len(error.failures) - len(self.packages)
        aliases = sorted({package.mirror for package in packages})
        super().__init__(
            f"cannot fetch packages of platform {platform!r}: {len(self.packages)} gone from the mirror"
            f"{f', {others} not fetched' if others else ''}:{lines}",
            hint=f"invoke lock-platform {platform} renews the lock; or name an archive of snapshots in "
            f"{' and '.join(variable_name('SNAPSHOTS', alias) for alias in aliases)}",
        )


def fetch_packages(
    lock: PlatformLock,
    modules: Iterable[str],
    *,
    platform: Platform,
    site: Site,
    sink: Sink = ignore,
) -> tuple[Receipt, ...]:
    """Bring the packages of modules into the store; give receipts of those that had to be fetched.

    Raises GoneError when the archive moved on, FetchError when something else went wrong.
    """
    wanted = {one.sha256: one for one in _packages(lock, modules) if not site.store.has(one.sha256)}
    packages = {key: one for key, one in wanted.items() if not _taken(one, site, sink=sink)}
    urls = {} if site.offline else {key: _urls(one, platform, site.mirrors) for key, one in packages.items()}
    downloads = [
        Download(urls=urls.get(key, ()), sha256=key, size=one.size, name=f"{one.mirror}:/{one.path}")
        for key, one in packages.items()
    ]
    try:
        return fetch(downloads, site.store, sink=sink, offline=site.offline)
    except FetchError as error:
        if error.gone:
            gone = [packages[one.sha256] for one in error.gone]
            raise GoneError(platform.name, packages=gone, error=error) from error
        raise


def _taken(package: LockedPackage, site: Site, *, sink: Sink) -> bool:
    # What the repository keeps needs no network; what is damaged there is looked for elsewhere.
    if site.kept is None:
        return False
    path = site.kept / package.sha256 / package.path.rsplit("/", 1)[-1]
    if not path.is_file():
        return False
    try:
        site.store.add(path, sha256=package.sha256)
    except DigestError as error:
        sink(Warned(f"{path} is damaged: {error.what}"))
        return False
    return True


def _packages(lock: PlatformLock, modules: Iterable[str]) -> list[LockedPackage]:
    try:
        return [package for module in modules for package in lock.needed_for(module)]
    except KeyError as error:
        raise ModpkgError(f"internal error: the lock has no module {error.args[0]!r}") from error


def _urls(package: LockedPackage, platform: Platform, mirrors: Mirrors) -> tuple[str, ...]:
    facts = {
        "mirror": package.mirror,
        "path": package.path,
        "file": package.path.rsplit("/", 1)[-1],
        "sha256": package.sha256,
        "package": package.name,
        "version": package.version,
        "architecture": package.architecture,
        "source": package.source,
        "source-version": package.source_version,
    }
    aliases = dict.fromkeys([package.mirror, *([platform.snapshots] if platform.snapshots else [])])
    snapshots = [url for alias in aliases for url in mirrors.snapshot_urls(alias, facts)]
    return (mirrors.url(package.mirror, package.path), *snapshots)
