"""The lock of a platform: made from the archive, written beside the platform.

A lock is only ever replaced whole. Nothing here downloads a package.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from debian.debian_support import NativeVersion

from modpkg.errors import BadInputError
from modpkg.events import Sink, ignore
from modpkg.formats.canonical import read_record, write_record
from modpkg.model.lock import PlatformLock
from modpkg.rootfs.resolve import resolve_platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from modpkg.host.files import Receipt
    from modpkg.host.mirrors import Mirrors
    from modpkg.model.lock import LockedPackage
    from modpkg.pipeline.platform_lock import Wish

Kind = Literal["added", "removed", "up", "down", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a new lock changes for one package of a module; "other" is other bytes of the same version."""

    module: str
    package: str
    kind: Kind
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        versions = " -> ".join(version for version in (self.old, self.new) if version)
        return f"{self.module}: {self.kind} {self.package} {versions}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A lock that was made, what it changes, and the receipt of its file unless nothing was written."""

    lock: PlatformLock
    path: Path
    changes: tuple[Change, ...]
    receipt: Receipt | None


def lock_platform(
    wish: Wish,
    path: Path,
    *,
    mirrors: Mirrors,
    work: Path,
    dry_run: bool = False,
    sink: Sink = ignore,
) -> Locked:
    """Resolve all modules of a platform; write the lock to `path` if it differs and this is no dry run."""
    lock = resolve_platform(wish.platform, wish.requests, mirrors=mirrors, work=work, sink=sink)
    old = _old_lock(path)
    same = old == lock or dry_run
    return Locked(
        lock=lock,
        path=path,
        changes=tuple(lock_changes(old, lock)),
        receipt=None if same else write_record(path, lock),
    )


def lock_changes(old: PlatformLock | None, new: PlatformLock) -> Iterator[Change]:
    """Tell what a new lock changes, module by module."""
    before, after = _shares(old) if old else {}, _shares(new)
    for module in sorted({*before, *after}):
        yield from _module_changes(module, before.get(module, ()), after.get(module, ()))


def _shares(lock: PlatformLock) -> dict[str, Sequence[LockedPackage]]:
    return {**lock.modules, **{f"{module}, its build": tools for module, tools in lock.build.items()}}


def _module_changes(
    module: str, old: Sequence[LockedPackage], new: Sequence[LockedPackage]
) -> Iterator[Change]:
    before = {package.name: package for package in old}
    after = {package.name: package for package in new}
    for name in sorted({*before, *after}):
        one, other = before.get(name), after.get(name)
        if kind := _kind(one, other):
            yield Change(
                module=module,
                package=name,
                kind=kind,
                old=one.version if one else "",
                new=other.version if other else "",
            )


def _kind(old: LockedPackage | None, new: LockedPackage | None) -> Kind | None:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    if old.version != new.version:
        return "up" if NativeVersion(old.version) < NativeVersion(new.version) else "down"
    return "other" if old.sha256 != new.sha256 else None


def _old_lock(path: Path) -> PlatformLock | None:
    # One that cannot be read is to be replaced: its faults are of no interest any more.
    try:
        return read_record(path, PlatformLock) if path.exists() else None
    except BadInputError:
        return None
