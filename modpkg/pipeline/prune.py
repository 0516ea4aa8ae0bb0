"""Deletes what nothing names any more: packages, snapshots, indices. In two phases, a time of grace between them.

First what is no longer named is marked, then, when clients can have forgotten it, deleted. What a kept snapshot, the
current state of a channel or the lock of any image names is never marked, and what is named again loses its mark.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.apt.publish import changelog_path
from modpkg.apt.release import SECONDS_A_DAY
from modpkg.errors import ModpkgError
from modpkg.events import Sink, StepFinished, StepStarted, ignore
from modpkg.host.files import locked, remove_tree, sync_directories, write_atomically
from modpkg.host.run import Stopwatch
from modpkg.model.repository import Places
from modpkg.pipeline.identity import Identity
from modpkg.pipeline.index import Index, borrowed_index, opened_index
from modpkg.pipeline.journal import newest_of, read_snapshots, recover
from modpkg.pipeline.keep_inputs import named_inputs
from modpkg.pipeline.removed import remember
from modpkg.pipeline.retention import kept_snapshots
from modpkg.yum.publish import snapshot_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from modpkg.model.repository import Repository, Snapshot

STEP: Final = "prune"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePlan:
    """What a prune does, by paths below the repository: `mark` for later, `delete` now, `spare` of those marked.

    `doomed` is what is marked afterwards, and since when (seconds since 1970).
    """

    mark: tuple[str, ...]
    delete: tuple[str, ...]
    spare: tuple[str, ...]
    doomed: Mapping[str, int]
    pinned: int

    @property
    def reason(self) -> str:
        """What there is to do."""
        return f"{len(self.delete)} to delete, {len(self.mark)} newly marked, {len(self.spare)} named again"


def plan_prune(repository: Path, document: Repository, *, pins: Collection[str], now: int) -> PrunePlan:
    """Say what would be marked and deleted. Writes nothing."""
    places = Places(repository)
    with borrowed_index(places) as index:
        return _plan(places, document, index=index, pins=pins, now=now)


def prune(
    repository: Path, document: Repository, *, pins: Collection[str], now: int, sink: Sink = ignore
) -> PrunePlan:
    """Mark what nothing names, and delete what was marked a time of grace ago. `pins` are digests of debs."""
    places = Places(repository)
    watch = Stopwatch.started()
    with locked(places.lock, sink=sink):
        recover(places, sink=sink)
        with opened_index(places) as index:
            planned = _plan(places, document, index=index, pins=pins, now=now)
            sink(StepStarted(STEP, planned.reason))
            # Written first: a prune that is cut short is finished by the next one.
            write_atomically(places.doomed, json.dumps({"since": planned.doomed}, indent=2) + "\n")
            _delete(places, planned.delete, index=index)
    sink(StepFinished(STEP, watch.seconds, watch.cpu_seconds, planned.reason))
    return planned


def _plan(
    places: Places, document: Repository, *, index: Index, pins: Collection[str], now: int
) -> PrunePlan:
    snapshots = read_snapshots(places)
    _refuse_other_state(places, snapshots)
    index.absorb(snapshots)
    kept = kept_snapshots(snapshots, keep=document.keep_snapshots)
    packages = {digest for snapshot in kept for digest in snapshot.packages}
    index.learn_pool()
    pinned = index.partners(pins)
    debs = {known.file_name for known in index.listed(packages | pinned)}
    named = {*_named(kept, packages | pinned), *named_inputs(places, debs)}
    unnamed = [path for path in _present(places) if path not in named]
    before = _read_doomed(places)
    old = now - document.grace_days * SECONDS_A_DAY
    since = {path: before.get(path, now) for path in unnamed}
    return PrunePlan(
        mark=tuple(path for path in unnamed if path not in before),
        delete=tuple(path for path, date in since.items() if date <= old),
        spare=tuple(sorted(before.keys() & named)),
        doomed=since,
        pinned=len(pinned - packages),
    )


def _refuse_other_state(places: Places, heads: Sequence[Snapshot]) -> None:
    # A channel in a state that the journal does not hold: what clients of it need is not known. While a publication
    # is decided and not finished, that is so.
    for release in sorted(places.www.glob("dists/*/InRelease")):
        channel = release.parent.name
        head = newest_of(heads, channel)
        mirrors = places.www / "rpm" / f"{channel}.mirrorlist"
        if not places.pending.exists() and not (head and _names(mirrors, snapshot_name(head.id))):
            raise ModpkgError(
                f"cannot tell what channel {channel} needs: the journal does not hold the state that it is in",
                where=str(places.snapshots),
                hint="restore state/ of the repository from a copy",
            )


def _names(mirrors: Path, snapshot: str) -> bool:
    return not mirrors.exists() or f"/{snapshot}/" in mirrors.read_text(encoding="utf-8")


def _named(kept: Sequence[Snapshot], packages: Collection[str]) -> Iterator[str]:
    for digest in packages:
        yield f"www/pool/{digest[:2]}/{digest}"
    for snapshot in kept:
        yield f"www/rpm/{snapshot_name(snapshot.id)}"
        yield f"state/snapshots/{snapshot.id}.json"
        yield from (f"www/{path}" for path in snapshot.indices)


def _present(places: Places) -> Iterator[str]:
    # The journal first: a snapshot is forgotten before anything that it names is deleted.
    patterns = (
        "state/snapshots/*.json",
        "state/inputs/*",
        "www/rpm/snap-*",
        "www/dists/*/*/*/by-hash/SHA256/*",
        "www/pool/*/*",
        "www/inputs/*",
    )
    for pattern in patterns:
        for path in sorted(places.root.glob(pattern)):
            yield str(path.relative_to(places.root))


def _read_doomed(places: Places) -> dict[str, int]:
    if not places.doomed.exists():
        return {}
    try:
        since = json.loads(places.doomed.read_bytes())["since"]
        return {str(path): int(date) for path, date in since.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModpkgError(
            "cannot read what is going to be deleted",
            where=str(places.doomed),
            hint="remove it: everything in it is marked anew",
        ) from error


def _delete(places: Places, paths: Sequence[str], *, index: Index) -> None:
    packages = [path for path in paths if path.startswith("www/pool/")]
    for path in packages:
        remember(places, places.root / path)
    entries = [path for path in paths if path.startswith("state/")]
    for path in entries:
        (places.root / path).unlink(missing_ok=True)
    folders = (places.snapshots, places.removed, places.input_lists)
    sync_directories(directory for directory in folders if directory.is_dir())
    index.forget([path.rpartition("/")[2] for path in packages])
    for path in paths[len(entries) :]:
        _delete_one(places, places.root / path)


def _delete_one(places: Places, path: Path) -> None:
    if not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for deb in path.glob("*.deb") if path.parent.parent == places.www / "pool" else ():
        identity = Identity.of_file(deb.name)
        (places.www / changelog_path(identity.name, str(identity.version))).unlink(missing_ok=True)
    remove_tree(path)
