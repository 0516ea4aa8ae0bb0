"""The modules of an image lock, taken from a repository's packages into the store, every digest checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.deb.read import extract_fragment, read_module
from modpkg.errors import BadInputError
from modpkg.events import Sink, ignore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.model.lock import ImageLock, LockedModule
    from modpkg.model.module import Module
    from modpkg.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Where packages lie: the directory that clients of the repository see."""

    www: Path


def obtain(
    lock: ImageLock, repository: Repository, *, store: Store, sink: Sink = ignore
) -> tuple[Module, ...]:
    """Give the modules of a lock, their packages and fragments in the store.

    Raises BadInputError where the repository has not the package that the lock names, byte for byte.
    """
    return tuple(_obtained(lock, repository, store=store, sink=sink))


def _obtained(lock: ImageLock, repository: Repository, *, store: Store, sink: Sink) -> Iterator[Module]:
    for locked in lock.modules:
        with store.lock(f"package-{locked.deb_sha256}", sink=sink):
            yield _module(locked, repository.www / locked.deb_path, store)


def _module(locked: LockedModule, package: Path, store: Store) -> Module:
    if not store.has(locked.deb_sha256):
        if not package.is_file():
            raise BadInputError(
                f"cannot find {locked.name} {locked.version} in the repository",
                where=str(package),
                hint="publish it again, or renew the lock",
            )
        store.add(package, sha256=locked.deb_sha256)
    module = read_module(store.path(locked.deb_sha256))
    found = (module.name, module.version, module.fragment.sha256)
    wanted = (locked.name, locked.version, locked.fragment_sha256)
    if found != wanted:
        raise BadInputError(
            f"cannot use the package of {locked.name} {locked.version}: it holds {' '.join(found)}",
            where=str(package),
        )
    if not store.has(locked.fragment_sha256):
        with store.scratch() as scratch:
            fragment = scratch / "fragment"
            extract_fragment(store.path(locked.deb_sha256), fragment)
            store.add(fragment, sha256=locked.fragment_sha256)
    return module
