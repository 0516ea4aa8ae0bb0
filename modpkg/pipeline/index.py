"""What is known of the packages of the pool: names, order, their pieces of indices, frames of those.

It is a cache in one file of SQLite. It may be deleted at any moment, and what is missing is read from the pool and the
journal. Nothing is decided here, and nothing here is the truth about anything.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from modpkg.apt.stanza import STANZAS
from modpkg.errors import ModpkgError
from modpkg.formats.frames import Facts, Frame
from modpkg.model.repository import Snapshot
from modpkg.pipeline.journal import read_snapshot
from modpkg.pipeline.pieces import Known, label_of, pieces_of, sort_key, stanza_of
from modpkg.pipeline.pool import Pooled, find_in_pool
from modpkg.yum.publish import PRIMARY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from modpkg.apt.publish import Listed
    from modpkg.model.repository import Head, Places

# Another number, and all that was kept is made again: raised when pieces or frames change their form.
FORMAT: Final = 1
# Frames that none of so many publications used are dropped.
GENERATIONS: Final = 32
FEW: Final = 100
PAGE_BYTES: Final = 1 << 14
CACHE_KIBIBYTES: Final = 1 << 15
MAPPED_BYTES: Final = 1 << 30
TABLES: Final = """
CREATE TABLE packages (sort TEXT PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, file_name TEXT NOT NULL,
  architecture TEXT NOT NULL, published INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE snapshots (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
PIECES: Final = """
CREATE TABLE pieces (sha256 TEXT NOT NULL, kind TEXT NOT NULL, text BLOB NOT NULL, PRIMARY KEY (sha256, kind));
CREATE TABLE frames (key TEXT PRIMARY KEY, raw BLOB NOT NULL, packed BLOB NOT NULL);
CREATE TABLE uses (key TEXT PRIMARY KEY, generation INTEGER NOT NULL) WITHOUT ROWID;
"""
# A cache of an older modpkg has no such tables, and is good otherwise.
LATER_TABLES: Final = """
CREATE TABLE IF NOT EXISTS signed (unsigned TEXT PRIMARY KEY, sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS texts (key TEXT PRIMARY KEY, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
  packed_size INTEGER NOT NULL, packed_sha256 TEXT NOT NULL) WITHOUT ROWID;
"""


class Index:
    """The open cache of one repository; it gives frames to those who write indices."""

    def __init__(self, database: sqlite3.Connection, places: Places, *, keeps: bool = True) -> None:
        """Take an open database; one that `keeps` nothing gives pieces and frames, and takes none."""
        self._database = database
        self._places = places
        self._keeps = keeps
        self._used: set[str] = set()
        self._made = False
        self._signed = 0

    def absorb(self, heads: Iterable[Head]) -> None:
        """Learn which packages were published, from snapshots that were not known before."""
        known = {identity for (identity,) in self._database.execute("SELECT id FROM snapshots")}
        for head in heads:
            if head.id not in known:
                self.note(head if isinstance(head, Snapshot) else read_snapshot(self._places, head))
        self._database.commit()

    def note(self, snapshot: Snapshot) -> None:
        """Learn that the packages of this snapshot were published."""
        rows = self._database.execute("SELECT sha256 FROM packages WHERE published")
        new = set(snapshot.packages) - {digest for (digest,) in rows}
        self.learn(new)
        self._mark_published(new, snapshot)

    def listed(self, digests: Collection[str]) -> tuple[Known, ...]:
        """Give these packages in the order of indices; raises ModpkgError where the pool has lost one."""
        wanted = set(digests)
        found = self._listed(wanted)
        if len(found) < len(wanted):
            self.learn(wanted)
            found = self._listed(wanted)
        return tuple(map(Known._make, found))

    def order(self, digests: Collection[str]) -> tuple[list[Listed], list[str]]:
        """Give the debs among these packages and the rpms, each in the order of indices.

        What `listed` tells in more words: a large repository has 20,000 packages at each publication.
        """
        wanted = set(digests)
        found = self._order(wanted)
        if len(found[0]) + len(found[1]) < len(wanted):
            self.learn(wanted)
            found = self._order(wanted)
        return found

    def labels(self, digests: Collection[str]) -> tuple[str, ...]:
        """Give what the debs among these packages are called, for people, in the order of indices."""
        wanted = set(digests)
        self.learn(wanted)
        query = "SELECT sha256, file_name FROM packages WHERE substr(file_name, -4) = '.deb' ORDER BY sort"
        rows = self._database.execute(query) if wanted else ()
        return tuple(label_of(name) for digest, name in rows if digest in wanted)

    def note_switch(self, snapshot: Snapshot) -> None:
        """Learn that the packages of a snapshot were published, all of which `order` gave before."""
        rows = self._database.execute("SELECT sha256 FROM packages WHERE NOT published")
        new = {digest for (digest,) in rows}.intersection(snapshot.packages)
        self._mark_published(new, snapshot)
        self._database.commit()

    def published(self, name: str) -> tuple[Known, ...]:
        """Give all packages of this name that any snapshot listed."""
        # A tab stands after the name, and sorts before all that names are made of.
        query = (
            "SELECT sha256, file_name, architecture FROM packages WHERE published AND sort >= ? AND sort < ?"
        )
        rows = self._database.execute(f"{query} ORDER BY sort", (f"{name}\t", f"{name}\n"))
        return tuple(Known(*row) for row in rows)

    def partners(self, debs: Collection[str]) -> set[str]:
        """Give these packages and the other one of each of their pairs; what is not known is left out."""
        wanted = set(debs)
        rows = self._database.execute("SELECT sha256, file_name, architecture FROM packages ORDER BY sort")
        packages = [Known(*row) for row in rows] if wanted else []
        names = {package.identity for package in packages if package.sha256 in wanted}
        return {package.sha256 for package in packages if package.identity in names}

    def forget(self, digests: Iterable[str]) -> None:
        """Drop what is known of packages that are going to be deleted."""
        rows = [(digest,) for digest in digests]
        self._database.executemany("DELETE FROM packages WHERE sha256 = ?", rows)
        if self._keeps:
            self._database.executemany("DELETE FROM pieces WHERE sha256 = ?", rows)
        self._database.commit()

    def learn(self, digests: Iterable[str]) -> None:
        """Read the names of packages that are not known yet from the pool."""
        wanted = set(digests)
        # One by one where they are few: all names of a large pool take longer.
        few = len(wanted) <= FEW
        known = {digest for digest in wanted if self._knows(digest)} if few else self._all_known()
        for digest in sorted(wanted - known):
            self._add(find_in_pool(self._places, digest))
        self._database.commit()

    def learn_pool(self) -> None:
        """Read the names of all packages of the pool; what a crash left half deleted there is passed over."""
        for path in (self._places.www / "pool").glob("*/*"):
            with suppress(ModpkgError):
                self.learn([path.name])

    def add_deb(self, package: Pooled, control: Mapping[str, str]) -> None:
        """Learn a .deb whose control fields are known: it need not be read again."""
        self.add(package, {STANZAS: stanza_of(self._places, package, control)})

    def add(self, package: Pooled, pieces: Mapping[str, bytes]) -> None:
        """Learn a package of the pool whose pieces are known, all of them or none."""
        self._add(package)
        self._keep_pieces(package.sha256, pieces)

    def signed(self, unsigned: str) -> str | None:
        """Give the digest of the package that was made of an unsigned one, or None."""
        row = self._database.execute("SELECT sha256 FROM signed WHERE unsigned = ?", (unsigned,)).fetchone()
        return row[0] if row else None

    def keep_signed(self, unsigned: str, sha256: str) -> None:
        """Keep which package was made: a publisher that is killed loses few signatures."""
        self._database.execute("INSERT OR REPLACE INTO signed VALUES (?, ?)", (unsigned, sha256))
        self._signed += 1
        if self._signed % FEW == 0:
            self._database.commit()

    def frame(self, key: str) -> Frame | None:
        """Give a frame that was kept, or None."""
        self._used.add(key)
        self._made = True
        row = self._database.execute("SELECT raw, packed FROM frames WHERE key = ?", (key,)).fetchone()
        return Frame(raw=row[0], packed=row[1]) if row else None

    def keep(self, key: str, frame: Frame) -> None:
        """Keep a frame for the next index."""
        if self._keeps:
            self._database.execute(
                "INSERT OR REPLACE INTO frames VALUES (?, ?, ?)", (key, frame.raw, frame.packed)
            )

    def facts(self, key: str) -> Facts | None:
        """Give what was kept of a whole index, or None."""
        self._used.add(key)
        query = "SELECT size, sha256, packed_size, packed_sha256 FROM texts WHERE key = ?"
        row = self._database.execute(query, (key,)).fetchone()
        return Facts(size=row[0], sha256=row[1], packed_size=row[2], packed_sha256=row[3]) if row else None

    def keep_facts(self, key: str, facts: Facts) -> None:
        """Keep them for the next index of the same packages."""
        row = (key, facts.size, facts.sha256, facts.packed_size, facts.packed_sha256)
        if self._keeps:
            self._database.execute("INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?, ?)", row)

    def texts(self, kind: str, digests: Sequence[str]) -> list[bytes]:
        """Give the pieces of this kind of these packages, in this order."""
        marks = ", ".join("?" * len(digests))
        query = f"SELECT sha256, text FROM pieces WHERE kind = ? AND sha256 IN ({marks})"  # noqa: S608 - marks alone
        kept = dict(self._database.execute(query, (kind, *digests)))
        return [kept.get(digest) or self._piece(kind, digest) for digest in digests]

    def read_all(self) -> int:
        """Read every published package whose pieces are not kept; give the number of published packages."""
        rows = self._database.execute("SELECT sha256, file_name FROM packages WHERE published ORDER BY sort")
        packages = rows.fetchall()
        for digest, file_name in packages:
            self._piece(STANZAS if file_name.endswith(".deb") else PRIMARY, digest)
        self._database.commit()
        return len(packages)

    def finish(self) -> None:
        """End a publication: frames that were not used for long are dropped."""
        if not self._made or not self._keeps:
            # All indices were there: what a publication that makes some will need does not age.
            self._database.commit()
            return
        (newest,) = self._database.execute("SELECT coalesce(max(generation), 0) FROM uses").fetchone()
        # A use is written down again once it is a quarter of its time old: most publications use all frames but one.
        fresh = (newest + 1 - GENERATIONS // 4,)
        known = {key for (key,) in self._database.execute("SELECT key FROM uses WHERE generation > ?", fresh)}
        # The empty key is no frame's: it counts the publications.
        rows = [(key, newest + 1) for key in ("", *sorted(self._used - known))]
        self._database.executemany("INSERT OR REPLACE INTO uses VALUES (?, ?)", rows)
        old = (newest + 1 - GENERATIONS,)
        self._database.execute(
            "DELETE FROM frames WHERE key IN (SELECT key FROM uses WHERE generation < ?)", old
        )
        self._database.execute(
            "DELETE FROM texts WHERE key IN (SELECT key FROM uses WHERE generation < ?)", old
        )
        self._database.execute("DELETE FROM uses WHERE generation < ?", old)
        self._database.commit()

    def _mark_published(self, new: Collection[str], snapshot: Snapshot) -> None:
        self._database.executemany(
            "UPDATE packages SET published = 1 WHERE sha256 = ?", [(digest,) for digest in sorted(new)]
        )
        self._database.execute("INSERT OR REPLACE INTO snapshots VALUES (?)", (snapshot.id,))

    def _listed(self, wanted: set[str]) -> list[tuple[str, str, str]]:
        rows = self._database.execute("SELECT sha256, file_name, architecture FROM packages ORDER BY sort")
        return [row for row in rows if row[0] in wanted]

    def _order(self, wanted: set[str]) -> tuple[list[Listed], list[str]]:
        query = "SELECT {} FROM packages WHERE substr(file_name, -4) = '{}' ORDER BY sort"
        debs = self._database.execute(query.format("sha256, architecture", ".deb"))
        rpms = self._database.execute(query.format("sha256", ".rpm"))
        return [row for row in debs if row[0] in wanted], [digest for (digest,) in rpms if digest in wanted]

    def _knows(self, digest: str) -> bool:
        query = "SELECT 1 FROM packages WHERE sha256 = ?"
        return self._database.execute(query, (digest,)).fetchone() is not None

    def _all_known(self) -> set[str]:
        return {digest for (digest,) in self._database.execute("SELECT sha256 FROM packages")}

    def _add(self, package: Pooled) -> None:
        identity = package.identity
        row = (sort_key(identity, package.sha256), package.sha256, package.file_name, identity.architecture)
        self._database.execute("INSERT OR IGNORE INTO packages VALUES (?, ?, ?, ?, 0)", row)

    def _piece(self, kind: str, digest: str) -> bytes:
        found = self._kept_piece(kind, digest)
        if found is None:
            made = pieces_of(self._places, find_in_pool(self._places, digest))
            self._keep_pieces(digest, made)
            found = made[kind]
        return found

    def _keep_pieces(self, digest: str, pieces: Mapping[str, bytes]) -> None:
        rows = [(digest, kind, text) for kind, text in pieces.items()] if self._keeps else []
        self._database.executemany("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?)", rows)

    def _kept_piece(self, kind: str, digest: str) -> bytes | None:
        query = "SELECT text FROM pieces WHERE sha256 = ? AND kind = ?"
        row = self._database.execute(query, (digest, kind)).fetchone()
        return bytes(row[0]) if row else None


@contextmanager
def opened_index(places: Places) -> Iterator[Index]:
    """Give the cache of a repository, for the one publisher; one that cannot be read is made anew."""
    try:
        with closing(_open(places.index)) as database:
            yield Index(database, places)
    except sqlite3.OperationalError as error:
        raise ModpkgError(
            f"cannot use the cache of the repository: {error}", where=str(places.index)
        ) from error
    except sqlite3.DatabaseError as error:
        delete_index(places)
        raise ModpkgError(
            f"cannot use the cache of the repository: {error}",
            where=str(places.index),
            hint="it was removed: run the command again",
        ) from error


@contextmanager
def borrowed_index(places: Places) -> Iterator[Index]:
    """Give a copy of the cache in memory, for those who must not write.

    Copied are the names of packages; their pieces, a hundred times as much, are read where they are.
    """
    with closing(sqlite3.connect(":memory:", uri=True)) as database:
        if not _lent(places.index, database):
            database.executescript(TABLES + PIECES)
        database.executescript(LATER_TABLES)
        yield Index(database, places, keeps=False)


def delete_index(places: Places) -> None:
    """Remove the cache; nothing happens if there is none."""
    _forget(places.index)


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # What a deleted cache left beside it belongs to nothing.
        _forget(path)
    try:
        return _ready(sqlite3.connect(path))
    except sqlite3.DatabaseError:
        _forget(path)
        return _ready(sqlite3.connect(path))


def _ready(database: sqlite3.Connection) -> sqlite3.Connection:
    try:
        # Of a new file alone. Frames are 64 pages of the usual size, each of which is read by a call of its own.
        database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        # What does not fit is written twice: a publication of a thousand packages changes pages all over.
        database.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        # All frames are read for a new index, 50 MB of 10,000 pairs: copied once, not twice.
        database.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        if _format(database) != FORMAT:
            _clear(database)
            database.executescript(TABLES + PIECES)
            database.execute(f"PRAGMA user_version = {FORMAT}")
        database.executescript(LATER_TABLES)
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _clear(database: sqlite3.Connection) -> None:
    names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in names:
        database.execute(f'DROP TABLE "{name}"')


def _format(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _lent(path: Path, target: sqlite3.Connection) -> bool:
    # Immutable: it is opened without a lock and without files of its own beside it. Tables that `target` has hide
    # those of the same name.
    if not path.exists():
        return False
    try:
        target.execute("ATTACH ? AS kept", (f"{path.absolute().as_uri()}?immutable=1",))
        try:
            if int(target.execute("PRAGMA kept.user_version").fetchone()[0]) == FORMAT:
                target.executescript(TABLES)
                for table in ("packages", "snapshots"):
                    target.execute(f"INSERT INTO main.{table} SELECT * FROM kept.{table}")  # noqa: S608 - our names
                target.commit()
                return True
        except sqlite3.DatabaseError:
            target.rollback()
            for table in ("packages", "snapshots"):
                target.execute(f"DROP TABLE IF EXISTS main.{table}")
            target.commit()
        target.execute("DETACH kept")
    except sqlite3.DatabaseError:
        return False
    return False


def _forget(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
