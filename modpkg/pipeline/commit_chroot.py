"""Commits a chroot's tree as a generation: a state that never changes, for nodes to take.

Files that did not change are those of the generation before, by hard links; none is a file of the tree, so what is
done in the tree changes no generation.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, ModpkgError
from modpkg.host.copy_tree import copy_tree
from modpkg.host.files import locked, sync_file_system, temporary_directory, write_atomically
from modpkg.host.run import run
from modpkg.host.steps import step
from modpkg.model.chroot import GenerationRecord
from modpkg.pipeline.chroots import KnownChroot, drop_generation, read_chroot, require_root

if TYPE_CHECKING:
    from modpkg.events import Sink
    from modpkg.model.chroot import ChrootPlaces

# What apt fetches again: more bytes than all programs, and no node reads them.
EMPTIED: Final = ("var/cache/apt", "var/lib/apt/lists")


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A generation, or the one that would be: what it has is then not known; older ones that go for it."""

    number: int
    record: GenerationRecord | None
    removed: tuple[int, ...]


def commit_chroot(places: ChrootPlaces, *, keep: int, now: int, dry_run: bool, sink: Sink) -> Committed:
    """Make the next generation of the tree and keep the newest `keep` of all."""
    require_root()
    if keep < 1:
        raise BadInputError(f"cannot keep {keep} generations", where="--keep", hint="keep one at least")
    if dry_run:
        return _plan(read_chroot(places), keep)
    read_chroot(places)
    with locked(places.lock, sink=sink):
        known = read_chroot(places)
        _require_whole(places)
        plan = _plan(known, keep)
        with step(f"commit {places.root.name} {plan.number}", sink):
            record = _write(known, plan.number, now)
        _use(places, plan.number)
        for number in plan.removed:
            drop_generation(places, number)
    return Committed(number=plan.number, record=record, removed=plan.removed)


def _plan(known: KnownChroot, keep: int) -> Committed:
    numbers = [generation.number for generation in known.generations]
    number = max(numbers, default=0) + 1
    gone = [*numbers, number][:-keep]
    return Committed(number=number, record=None, removed=tuple(gone))


def _write(known: KnownChroot, number: int, now: int) -> GenerationRecord:
    places = known.places
    earlier = places.generation(known.current) if known.current else None
    with temporary_directory(places.generations, prefix=f".{number}.") as scratch:
        copied = copy_tree(places.tree, scratch / "tree", earlier=earlier, emptied=EMPTIED)
        record = GenerationRecord(
            number=number,
            committed=now,
            files=copied.files,
            linked=copied.linked,
            copied_bytes=copied.copied_bytes,
        )
        sync_file_system(scratch)
        # The note first: a number that was given once is never given again.
        write_atomically(places.note(number), record.model_dump_json(indent=2) + "\n")
        (scratch / "tree").rename(places.generation(number))
    return record


def _use(places: ChrootPlaces, number: int) -> None:
    link = places.root / ".current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("generations") / str(number))
    link.replace(places.current)


def _require_whole(places: ChrootPlaces) -> None:
    if not os.path.lexists(places.tree / "var/lib/dpkg/status"):
        return
    said = run(["dpkg", f"--root={places.tree}", "--audit"], check=False).stdout.strip()
    if said:
        first = said.splitlines()[0]
        hint = f'modpkg chroot-shell {places.root.name} --command "dpkg --configure --pending"'
        raise ModpkgError(f"cannot commit: dpkg says: {first}", where=str(places.tree), hint=hint)
