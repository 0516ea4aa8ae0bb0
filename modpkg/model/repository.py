"""The repository document, where things lie in a repository, and what a publication is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, StringConstraints

from modpkg.model.document import AbsolutePath, Document, Line, Name, Person, Record, Sha256, Version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BASE_URL_PATTERN: Final = r"^(https?|file)://[^\x00-\x20\x7f]+$"
KEY_PATTERN: Final = r"^[0-9A-F]{40}$"
Fingerprint = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]


class Repository(Document):
    """`repo/repository.yaml`. `key` is the signing key's fingerprint.

    `base_url` is where clients find the repository; without it, where it lies in the file system. While keys are
    rotated, `keys` has the new one and then the old one. `signing_program` is called in the place of gpg.
    `clients_version` is that of the packages that set up clients. With `keep_inputs` the distribution packages that
    modules were made from are kept too.
    """

    name: Name
    summary: Line
    base_url: str | None = Field(default=None, pattern=BASE_URL_PATTERN)
    channels: tuple[Name, ...] = Field(min_length=1)
    key: Fingerprint | None = None
    keys: tuple[Fingerprint, ...] = ()
    signing_program: AbsolutePath | None = None
    valid_days: int = Field(default=14, ge=1)
    keep_snapshots: int = Field(default=10, ge=2)
    keep_versions: int | None = Field(default=None, ge=1)
    grace_days: int = Field(default=2, ge=0)
    keep_inputs: bool = False
    clients_version: Version | None = None
    maintainer: Person | None = None

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
    def signed(self) -> Path:
        """Which signed rpm of the pool came from which unsigned one: by the digest of its header and the key."""
        return self.state / "signed"

    @property
    def index(self) -> Path:
        """What is known of the packages of the pool: a cache that may be deleted at any moment."""
        return self.state / "index.db"

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


class Head(Record):
    """What a snapshot is called and when it was made; dates rise within a repository."""

    id: Sha256
    channel: Name
    date: int
    key: str
    parent: Sha256 | None


class Snapshot(Head):
    """One published state of a channel. `packages` are sorted; `indices` lie below `www`."""

    packages: tuple[Sha256, ...]
    indices: tuple[str, ...] = ()


class Doomed(Record):
    """What nothing names any more, by path below the repository: since when, in seconds since 1970."""

    since: dict[str, int] = Field(default_factory=dict)


class Replacement(Record):
    """One path below `www` that a publication replaces by a text, a copy of another path, or a link."""

    path: str
    kind: Literal["text", "copy", "link"]
    content: str


class Publication(Record):
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
