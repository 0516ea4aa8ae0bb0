"""What commands about repositories answer: small frozen values. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from modpkg.errors import EXIT_FAILED

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.apt.index import PublishedChannel
    from modpkg.openpgp.keys import Key
    from modpkg.pipeline.publish import Published, PublishPlan
    from modpkg.pipeline.upload import Uploaded
    from modpkg.pipeline.verify_repository import ChannelState, Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationResult:
    """A publication, done or only planned."""

    channel: str
    snapshot: str | None
    added: tuple[str, ...]
    present: tuple[str, ...]
    repository: Path
    key: str | None
    public_key: Path | None


def publication_result(published: Published, repository: Path) -> PublicationResult:
    """Tell what a publication did."""
    return PublicationResult(
        channel=published.channel,
        snapshot=published.snapshot,
        added=tuple(map(str, published.added)),
        present=tuple(map(str, published.present)),
        repository=repository,
        key=published.key,
        public_key=published.public_key,
    )


def planned_publication(plan: PublishPlan, repository: Path) -> PublicationResult:
    """Tell what a publication would do."""
    # What another channel has already is new in this one all the same.
    added = sorted([*(one.identity for one in plan.add), *(one.identity for one in plan.reuse)])
    return PublicationResult(
        channel=plan.channel,
        snapshot=None,
        added=tuple(map(str, added)),
        present=tuple(map(str, plan.present)),
        repository=repository,
        key=None,
        public_key=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelResult:
    """One published channel."""

    channel: str
    snapshot: str
    date: str
    valid_until: str
    key: str
    modules: tuple[str, ...]


def channel_result(name: str, shown: PublishedChannel) -> ChannelResult:
    """Tell what a channel offers."""
    return ChannelResult(
        channel=name,
        snapshot=shown.snapshot,
        date=moment_text(shown.date),
        valid_until=moment_text(shown.valid_until),
        key=shown.key,
        modules=tuple(f"{e.control['Package']} {e.control['Version']}" for e in shown.entries),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultResult:
    """One fault of a repository."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedChannelResult:
    """One channel as it was verified."""

    channel: str
    snapshot: str
    date: str
    valid_until: str
    key: str
    debs: int
    rpms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationResult:
    """A repository as it was verified. It is good when there are no faults."""

    repository: str
    result: str
    channels: tuple[VerifiedChannelResult, ...]
    absent: tuple[str, ...]
    faults: tuple[FaultResult, ...]

    @property
    def exit_code(self) -> int:
        """The status that the command ends with."""
        return EXIT_FAILED if self.faults else 0


def verification_result(verified: Verification) -> VerificationResult:
    """Tell what a verification found."""
    return VerificationResult(
        repository=verified.address,
        result=_verdict(len(verified.faults)),
        channels=tuple(_verified_channel(state) for state in verified.channels),
        absent=verified.absent,
        faults=tuple(FaultResult(file=fault.file, reason=fault.reason) for fault in verified.faults),
    )


def _verdict(count: int) -> str:
    return "good" if not count else "1 fault" if count == 1 else f"{count} faults"


def _verified_channel(state: ChannelState) -> VerifiedChannelResult:
    return VerifiedChannelResult(
        channel=state.channel,
        snapshot=state.snapshot,
        date=moment_text(state.date),
        valid_until=moment_text(state.valid_until),
        key=state.key,
        debs=state.debs,
        rpms=state.rpms,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResult:
    """A key that signs repositories."""

    key: str
    owner: str
    created: str
    expires: str | None
    home: Path


def key_result(key: Key, home: Path) -> KeyResult:
    """Tell about a key that was taken into `home`."""
    return KeyResult(
        key=key.fingerprint,
        owner=key.owner,
        created=moment_text(key.created),
        expires=None if key.expires is None else moment_text(key.expires),
        home=home,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadResult:
    """An upload, done or only planned."""

    address: str
    sent: int
    kept: int
    bytes: int


def upload_result(uploaded: Uploaded) -> UploadResult:
    """Tell what an upload sent."""
    return UploadResult(
        address=uploaded.address, sent=len(uploaded.sent), kept=uploaded.kept, bytes=uploaded.bytes
    )


def moment_text(seconds: int) -> str:
    """Give a moment as text, such as 2026-11-22T10:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
