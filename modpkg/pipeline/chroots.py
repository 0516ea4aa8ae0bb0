"""Chroots on their server: made, copied, listed, removed. Each is a folder with a tree and its generations.

Whoever works on one holds its lock; what is new appears whole, by a rename.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, ModpkgError
from modpkg.host.copy_tree import copy_tree
from modpkg.host.files import locked, remove_tree, sync_file_system, temporary_directory, write_atomically
from modpkg.host.steps import step
from modpkg.model.chroot import ChrootPlaces, ChrootRecord, GenerationRecord
from modpkg.model.patterns import NAME_PATTERN
from modpkg.rootfs.chroot import make_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.host.mirrors import Mirrors
    from modpkg.model.platform import Platform

INSTALLED: Final = re.compile(r"^Status: \S+ ok installed$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownChroot:
    """A chroot as it is now."""

    places: ChrootPlaces
    record: ChrootRecord
    packages: int
    generations: tuple[GenerationRecord, ...]
    current: int | None


def create_chroot(
    places: ChrootPlaces, platform: Platform, mirrors: Mirrors, *, dry_run: bool, sink: Sink
) -> None:
    """Make a chroot of a platform's own packages. Raises ModpkgError if there is one of that name."""
    require_root()
    _require_free(places)
    for source in platform.sources:
        # An address that is not known is a fault that a dry run tells too.
        mirrors.base(source.mirror)
    if dry_run:
        return
    with locked(places.lock, sink=sink):
        _require_free(places)
        with step(f"create {places.root.name}", sink), _new(places) as scratch:
            make_tree(scratch.tree, platform, mirrors, sink=sink)
            _note(scratch, ChrootRecord(name=places.root.name, platform=platform.name))


def clone_chroot(source: ChrootPlaces, target: ChrootPlaces, *, dry_run: bool, sink: Sink) -> None:
    """Copy the tree of a chroot, not its generations, to a new one that shares no file with it."""
    require_root()
    known = read_chroot(source)
    _require_free(target)
    if dry_run:
        return
    with locked(source.lock, sink=sink), locked(target.lock, sink=sink):
        _require_free(target)
        with step(f"clone {source.root.name}", sink), _new(target) as scratch:
            copy_tree(source.tree, scratch.tree)
            record = {"name": target.root.name, "cloned_from": source.root.name}
            _note(scratch, known.record.model_copy(update=record))


def remove_chroot(places: ChrootPlaces, *, dry_run: bool, sink: Sink) -> None:
    """Remove a chroot with all its generations."""
    require_root()
    read_chroot(places)
    if dry_run:
        return
    with locked(places.lock, sink=sink):
        _forget(places.root)
    places.lock.unlink(missing_ok=True)


def remove_generation(places: ChrootPlaces, number: int, *, dry_run: bool, sink: Sink) -> None:
    """Remove one generation. Raises BadInputError for one that is not there, or that nodes take now."""
    require_root()
    known = read_chroot(places)
    numbers = [generation.number for generation in known.generations]
    if number not in numbers:
        there = ", ".join(map(str, numbers)) or "none"
        raise BadInputError(f"no generation {number}", where=str(places.root), hint=f"there are: {there}")
    if number == known.current:
        what = f"cannot remove generation {number}: nodes take it now"
        raise BadInputError(what, where=str(places.root), hint="commit another first, or remove the chroot")
    if not dry_run:
        with locked(places.lock, sink=sink):
            drop_generation(places, number)


def drop_generation(places: ChrootPlaces, number: int) -> None:
    """Remove a generation while the lock is held: the record last, so that what is left half is still known."""
    if places.generation(number).exists():
        _forget(places.generation(number))
    places.note(number).unlink(missing_ok=True)


def list_chroots(place: Path) -> list[KnownChroot]:
    """Give all chroots of a folder, by name."""
    if not place.is_dir():
        return []
    roots = sorted(path for path in place.iterdir() if not path.name.startswith("."))
    return [read_chroot(ChrootPlaces(root)) for root in roots if (root / "chroot.json").is_file()]


def find_chroot(place: Path, name: str) -> ChrootPlaces:
    """Give where the chroot of that name is, or would be. Raises BadInputError for what is no name."""
    if not re.fullmatch(NAME_PATTERN, name):
        hint = "lower-case letters and digits, words joined by dashes"
        raise BadInputError(f"{name!r} is no name of a chroot", hint=hint)
    return ChrootPlaces(place / name)


def read_chroot(places: ChrootPlaces) -> KnownChroot:
    """Read what is known of a chroot. Raises BadInputError if there is none."""
    try:
        record = ChrootRecord.model_validate_json(places.record.read_bytes())
    except FileNotFoundError as error:
        hint = f"modpkg chroot-create {places.root.name} makes it"
        raise BadInputError("there is no such chroot", where=str(places.root), hint=hint) from error
    except ValueError as error:
        hint = "it was changed by hand, or written by a later modpkg"
        raise BadInputError("cannot read it", where=str(places.record), hint=hint) from error
    return KnownChroot(
        places=places,
        record=record,
        packages=_packages(places.tree),
        generations=tuple(_generations(places)),
        current=int(places.current.readlink().name) if places.current.is_symlink() else None,
    )


def _generations(places: ChrootPlaces) -> list[GenerationRecord]:
    notes = [
        GenerationRecord.model_validate_json(path.read_bytes()) for path in places.generations.glob("*.json")
    ]
    return sorted(notes, key=lambda note: note.number)


def _packages(tree: Path) -> int:
    status = tree / "var/lib/dpkg/status"
    return len(INSTALLED.findall(status.read_text(encoding="utf-8"))) if status.is_file() else 0


def _note(places: ChrootPlaces, record: ChrootRecord) -> None:
    write_atomically(places.record, record.model_dump_json(indent=2) + "\n")


@contextmanager
def _new(places: ChrootPlaces) -> Iterator[ChrootPlaces]:
    with temporary_directory(places.root.parent, prefix=f".{places.root.name}.") as scratch:
        made = ChrootPlaces(scratch / places.root.name)
        made.root.mkdir(mode=0o755)
        made.generations.mkdir()
        yield made
        sync_file_system(scratch)
        made.root.rename(places.root)


def _forget(path: Path) -> None:
    # The name goes at once: no node ever joins half a tree.
    hidden = path.with_name(f".removed.{path.name}.{os.getpid()}")
    path.rename(hidden)
    remove_tree(hidden)


def _require_free(places: ChrootPlaces) -> None:
    if places.root.exists():
        hint = "take another name, or remove that one: modpkg chroot-remove"
        raise BadInputError("there is something already", where=str(places.root), hint=hint)


def require_root() -> None:
    """Raise ModpkgError unless this is root."""
    if os.geteuid() != 0:
        what = "cannot work on chroots as an ordinary user: their files have many owners, which NFS gives to nodes"
        raise ModpkgError(what, hint="run it as root")
