"""What a repository is, where things lie in it, and what a publication is.

Plain values, quick to load: a command that publishes reads no other document than that of the repository.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """What `repo/repository.yaml` says, checked: `RepositoryDocument` tells what each field means."""

    name: str
    summary: str
    channels: tuple[str, ...]
    base_url: str | None = None
    key: str | None = None
    keys: tuple[str, ...] = ()
    signing_program: str | None = None
    valid_days: int = 14
    keep_snapshots: int = 10
    keep_versions: int | None = None
    grace_days: int = 2
    keep_inputs: bool = False
    clients_version: str | None = None
    maintainer: str | None = None

    @property
    def signing_keys(self) -> tuple[str, ...]:
        """The fingerprints that are named, the one that signs packages first; () if none is."""
        return self.keys or ((self.key,) if self.key else ())


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie in the directory of a repository: `www` is what clients see, `state` is ours."""

    root: Path

    @property
    def www(self) -> Path:
        """The part that a web server shows; `base_url` names it."""
        return self.root / "www"

    @property
    def public_key(self) -> Path:
        """The key that clients trust, ASCII-armored."""
        return self.www / "key.asc"

    @property
    def inputs(self) -> Path:
        """Distribution packages that published modules were made from, each in a folder named by its digest."""
        return self.www / "inputs"

    @property
    def input_lists(self) -> Path:
        """One file for each published .deb, of its name: digests and names of what it was made from."""
        return self.state / "inputs"

    @property
    def clients(self) -> Path:
        """Files that set up clients before they have a package for it."""
        return self.www / "clients"

    @property
    def state(self) -> Path:
        """What only publishers read."""
        return self.root / "state"

    @property
    def lock(self) -> Path:
        """Held by the one publisher."""
        return self.state / "lock"

    @property
    def pending(self) -> Path:
        """The publication that is decided and perhaps not finished."""
        return self.state / "pending.json"

    @property
    def incoming(self) -> Path:
        """Where files are made before they are moved into place."""
        return self.state / "incoming"

    @property
    def index(self) -> Path:
        """What is known of the packages of the pool: a cache that may be deleted at any moment."""
        return self.state / "index.db"

    @property
    def description(self) -> Path:
        """What the repository's document said when it was checked last: a cache too."""
        return self.state / "description.json"

    @property
    def doomed(self) -> Path:
        """What is going to be deleted after the time of grace."""
        return self.state / "doomed.json"

    @property
    def removed(self) -> Path:
        """One file for each package that was published and deleted: its digests, by its file name."""
        return self.state / "removed"

    @property
    def pins(self) -> Path:
        """Locks of images of other checkouts, put here by hand: what they name is kept."""
        return self.state / "pins"

    @property
    def snapshots(self) -> Path:
        """The journal: one file a publication, never changed."""
        return self.state / "snapshots"

    def manifest(self, channel: str) -> Path:
        """Where the packages of a channel are listed: the truth about it."""
        return self.state / f"{channel}.manifest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a snapshot is called and when it was made; dates rise within a repository."""

    id: str
    channel: str
    date: int
    key: str
    parent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Head):
    """One published state of a channel. `packages` are sorted; `indices` lie below `www`."""

    packages: tuple[str, ...]
    indices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One path below `www` that a publication replaces by a text, a copy of another path, or a link."""

    path: str
    kind: Literal["text", "copy", "link"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """All that makes a snapshot visible, in order. Doing it twice is the same as doing it once."""

    snapshot: Snapshot
    replacements: tuple[Replacement, ...]


def address_of(www: Path, document: Repository) -> str:
    """Give the address at which clients find `www`, without a slash at its end."""
    return (document.base_url or www.absolute().as_uri()).rstrip("/")


def manifest_text(packages: Iterable[str]) -> str:
    """Give a channel's manifest: the sorted digests of its packages, one a line."""
    return "\n".join([*sorted(packages), ""])


def snapshot_id(packages: Iterable[str], *, date: int) -> str:
    """Give the name of a published state: a digest of its manifest and its date."""
    return hashlib.sha256(f"{manifest_text(packages)}{date}\n".encode()).hexdigest()
