"""What was published: the journal of snapshots, and the commit that survives being killed at any point.

All immutable files are written first. Then one rename (`state/pending.json`) decides; what follows only
replaces small files, can be done again, and is done again by the next publisher if it was cut short.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from modpkg.apt.release import format_time
from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Sink, Warned, ignore
from modpkg.formats.publications import (
    AFTER_HEAD,
    parse_head,
    parse_publication,
    parse_snapshot,
    publication_text,
    snapshot_text,
)
from modpkg.host.files import remove_tree, replace_atomically, sync_directories, temporary_directory
from modpkg.model.repository import Head, Places, manifest_text, snapshot_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from modpkg.model.repository import Publication, Replacement, Snapshot

AnyHead = TypeVar("AnyHead", bound="Head")
# How far the clock may stand behind the newest publication; dates then go on from that one.
CLOCK_SLACK_SECONDS: Final = 3600
# How far a date may be ahead of the clock for every client to take it, and how long the clock is waited for.
TAKEN_SECONDS: Final = 5
LONGEST_WAIT_SECONDS: Final = 60
# Enough letters of a snapshot's id for people.
SHORT_ID: Final = 12
HEAD_BYTES: Final = 1024


def read_heads(places: Places) -> tuple[Head, ...]:
    """Give what all publications are called, oldest first; their lists of packages are not read."""
    found = (
        [_read_head(path) for path in places.snapshots.glob("*.json")] if places.snapshots.is_dir() else []
    )
    return tuple(sorted(found, key=lambda head: head.date))


def read_snapshot(places: Places, head: Head) -> Snapshot:
    """Read one publication whole."""
    path = places.snapshots / f"{head.id}.json"
    with _entry(path):
        snapshot = parse_snapshot(path.read_bytes())
        if snapshot_id(snapshot.packages, date=snapshot.date) != snapshot.id:
            raise ValueError("its packages and its date are not those of its id")
        return snapshot


def read_snapshots(places: Places) -> tuple[Snapshot, ...]:
    """Give all publications, oldest first, with all that they hold."""
    return tuple(read_snapshot(places, head) for head in read_heads(places))


def newest_of(heads: Sequence[AnyHead], channel: str) -> AnyHead | None:
    """Give the state in which a channel is, or None before its first publication."""
    return next((head for head in reversed(heads) if head.channel == channel), None)


def find_head(snapshots: Sequence[Head], channel: str, name: str) -> Head:
    """Give the snapshot of a channel whose id begins with `name`; raises BadInputError unless it is one."""
    mine = [snapshot for snapshot in snapshots if snapshot.channel == channel]
    found = [snapshot for snapshot in mine if name and snapshot.id.startswith(name)]
    if len(found) != 1:
        last = ", ".join(snapshot.id[:SHORT_ID] for snapshot in mine[-3:])
        raise BadInputError(
            f"cannot find snapshot {name!r} of channel {channel}: "
            + (f"{len(found)} begin like that" if found else "there is none"),
            hint=f"the newest are {last}; all: invoke snapshots --channel {channel}"
            if last
            else "invoke snapshots",
        )
    return found[0]


def next_date(snapshots: Sequence[Head], now: int) -> int:
    """Give the date of a publication at `now`, later than all others; raises ModpkgError if the clock went back.

    apt refuses an older date than it has seen, and a snapshot's name comes from its date.
    """
    newest = max((snapshot.date for snapshot in snapshots), default=now - 1)
    if now < newest - CLOCK_SLACK_SECONDS:
        raise ModpkgError(
            f"cannot publish at {format_time(now)}: the newest snapshot is of {format_time(newest)}",
            hint="set the clock, or SOURCE_DATE_EPOCH, to a later time",
        )
    return max(now, newest + 1)


def refuse_lost_journal(places: Places, channel: str) -> None:
    """Raise ModpkgError where a channel without snapshots is published: begun anew, it would lose all it has."""
    release = places.www / "dists" / channel / "InRelease"
    if release.exists() and not places.pending.exists():
        raise ModpkgError(
            f"cannot publish to channel {channel}: it is published, but the journal knows nothing of it",
            where=str(places.snapshots),
            hint="restore state/ of the repository from a copy",
        )


def commit(places: Places, publication: Publication) -> None:
    """Make a snapshot visible, whose immutable files are all written."""
    _await_clock(publication.snapshot.date)
    _write(places.pending, publication_text(publication))
    sync_directories([places.state])
    _finish(places, publication)


def _await_clock(date: int) -> None:
    # Each date is a second later than the last, so many publications of one second run ahead of the clock, and
    # apt refuses what is dated more than ten seconds from now (apt.conf(5), Acquire::Max-FutureTime). A date that
    # is further ahead than that was asked for.
    ahead = date - TAKEN_SECONDS - time.time()
    if 0 < ahead <= LONGEST_WAIT_SECONDS:
        time.sleep(ahead)


def recover(places: Places, *, sink: Sink = ignore) -> None:
    """Finish the publication that was decided when its publisher was killed; drop what was never decided."""
    remove_tree(places.incoming)
    if not places.pending.exists():
        return
    with _entry(places.pending):
        publication = parse_publication(places.pending.read_bytes())
    snapshot = publication.snapshot
    sink(Warned(f"finishing the interrupted publication {snapshot.id} of channel {snapshot.channel}"))
    _finish(places, publication)


def _finish(places: Places, publication: Publication) -> None:
    snapshot = publication.snapshot
    for replacement in publication.replacements:
        _replace(places, replacement, seconds=snapshot.date)
    _write(places.snapshots / f"{snapshot.id}.json", snapshot_text(snapshot))
    _write(places.manifest(snapshot.channel), manifest_text(snapshot.packages))
    changed = {(places.www / replacement.path).parent for replacement in publication.replacements}
    sync_directories([*changed, places.snapshots, places.state])
    places.pending.unlink()


def _replace(places: Places, replacement: Replacement, *, seconds: int) -> None:
    target = places.www / replacement.path
    if replacement.kind == "text":
        # apt and caches ask for what changed since a second: two states of one second would be one to them.
        # Dates of snapshots rise by a second at least; the clock's need not.
        _write(target, replacement.content, seconds=seconds)
    elif replacement.kind == "copy":
        _put(target, places.incoming, lambda path: path.hardlink_to(places.www / replacement.content))
    else:
        _put(target, places.incoming, lambda path: path.symlink_to(replacement.content))


def _write(path: Path, text: str, *, seconds: int | None = None) -> None:
    replace_atomically(path, text.encode(), seconds=seconds)


def _put(target: Path, incoming: Path, make: Callable[[Path], None]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with temporary_directory(incoming) as scratch:
        # Where both are links to one file already, rename does nothing, and this one goes with its directory.
        make(scratch / target.name)
        (scratch / target.name).replace(target)


def _read_head(path: Path) -> Head:
    # A snapshot of 20,000 packages is more than a megabyte, and its head stands first.
    with _entry(path), path.open("rb") as stream:
        start = stream.read(HEAD_BYTES)
        head = parse_head(start if AFTER_HEAD in start else start + stream.read())
        if head.id != path.stem:
            raise ValueError(f"it is that of snapshot {head.id}")
        return head


@contextmanager
def _entry(path: Path) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ModpkgError(
            f"cannot read this entry of the journal: {error}",
            where=str(path),
            hint="restore it from a copy",
        ) from error
