from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import createrepo_c
import pytest

from modpkg.model.fault import Faults
from modpkg.store.origin import DirectoryOrigin
from modpkg.yum.publish import CLOSINGS, OPENINGS
from modpkg.yum.read import read_package
from modpkg.yum.verify import YumCheck, YumState
from tests.support.pens import PEN_KEY, pen, pen_ring
from tests.support.repos import make_pair

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ID = "cd" * 32
BASE = "https://repo.example/modules"
SNAPSHOT = f"rpm/snap-{ID}"


@dataclass
class Channel:
    """A channel that a test may write as it likes; whatever it writes is signed."""

    www: Path
    package: createrepo_c.Package
    faults: Faults = field(default_factory=Faults)

    @property
    def repodata(self) -> Path:
        return self.www / SNAPSHOT / "repodata"

    def write(
        self,
        change: Callable[[str], str] = str,
        *,
        change_record: Callable[[createrepo_c.RepomdRecord], object] = id,
        pack: Callable[[bytes], bytes] = gzip.compress,
    ) -> None:
        self.repodata.mkdir(parents=True)
        repomd = createrepo_c.Repomd()
        repomd.set_revision("1760000000")
        for kind in OPENINGS:
            chunk = getattr(createrepo_c, f"xml_dump_{kind}")(self.package)
            text = change(f"{OPENINGS[kind] % 1}\n{chunk}{CLOSINGS[kind]}\n").encode()
            path = self.repodata / f"{kind}.xml.gz"
            path.write_bytes(gzip.compress(text))
            record = createrepo_c.RepomdRecord(kind, str(path))
            record.fill(createrepo_c.SHA256)
            record.location_href = f"repodata/{path.name}"
            if kind == "primary":
                path.write_bytes(pack(text))
                change_record(record)
            repomd.set_record(record)
        self.sign(repomd.xml_dump())
        (self.www / "rpm/testing.mirrorlist").write_text(f"{BASE}/{SNAPSHOT}/\n")
        (self.www / "rpm/testing").symlink_to(f"snap-{ID}")

    def sign(self, repomd: str) -> None:
        (self.repodata / "repomd.xml").write_text(repomd)
        (self.repodata / "repomd.xml.asc").write_text(pen().detached(repomd, seconds=1))

    def check(self, *, addresses: tuple[str, ...] = (BASE,)) -> YumState | None:
        origin = DirectoryOrigin(self.www)
        return YumCheck(
            origin=origin, ring=pen_ring(), faults=self.faults, channel="testing", addresses=addresses
        ).run()

    def reasons(self) -> list[str]:
        return [fault.reason for fault in sorted(self.faults.found)]


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    package = read_package(make_pair(tmp_path / "packages")[1])
    package.location_href = "../../pool/ab/core.rpm"
    return Channel(tmp_path / "www", package)


def test_a_sound_channel_has_no_faults(channel: Channel) -> None:
    channel.write()
    state = channel.check()
    assert channel.reasons() == []
    assert state is not None
    assert (state.snapshot, state.key, state.date) == (ID, PEN_KEY.fingerprint, 1_760_000_000)
    (entry,) = state.entries
    assert (entry.name, entry.version, entry.release) == ("modpkg-module-core-bookworm", "1.0.0", "1")
    assert (entry.path, entry.sha256) == ("pool/ab/core.rpm", channel.package.pkgId)
    assert 0 < entry.header_end < entry.size


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("../../pool/ab", "../../../etc", "leads out of the repository"),
        ("../../pool/ab", "/etc", "leads out of the repository"),
        ("../../pool/ab", "https://evil.example", "leads out of the repository"),
        ("<location href", '<location xml:base="https://evil.example/" href', "lie in another place"),
        ('<size package="', '<size package="-', "impossible size"),
        ('<size package="', '<size package="9999999999', "impossible size"),
        ('type="sha256" pkgid="YES">', 'type="md5" pkgid="YES">', "has no sha256"),
    ],
)
def test_a_hostile_package_is_refused(channel: Channel, old: str, new: str, reason: str) -> None:
    channel.write(lambda text: text.replace(old, new))
    state = channel.check()
    assert state is not None
    assert state.entries == ()
    (found,) = channel.reasons()
    assert reason in found


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("location_href", "../../../etc/passwd", "bad path"),
        ("location_href", "/etc/passwd", "bad path"),
        ("location_base", "https://evil.example/", "in another place"),
        ("checksum_type", "sha1", "without a sha256"),
        ("size", -1, "impossible size"),
        ("size_open", 1 << 40, "impossible size"),
        ("checksum", "ab" * 32, "not the one that repomd.xml names"),
        ("checksum_open", "ab" * 32, "unpacks to something else"),
        ("size", 7, "its size is"),
    ],
)
def test_a_hostile_index_is_refused(channel: Channel, name: str, value: object, reason: str) -> None:
    channel.write(change_record=lambda record: setattr(record, name, value))
    state = channel.check()
    assert state is not None
    assert state.entries == ()
    (found,) = channel.reasons()
    assert reason in found


def test_a_bomb_is_not_unpacked(channel: Channel) -> None:
    bomb = gzip.compress(bytes(1 << 24))

    def name_it(record: createrepo_c.RepomdRecord) -> None:
        record.size, record.checksum = len(bomb), hashlib.sha256(bomb).hexdigest()

    channel.write(change_record=name_it, pack=lambda _: bomb)
    channel.check()
    assert "it unpacks to more than" in channel.reasons()[0]


def test_what_is_no_index_is_refused(channel: Channel) -> None:
    channel.write(lambda text: text.replace("</metadata>", "<<<"))
    channel.check()
    assert "it cannot be read" in channel.reasons()[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://repo.example/modules/rpm/testing/\n",
        f"{BASE}/{SNAPSHOT}/\nhttps://evil.example/\n",
        f"{BASE}/rpm/snap-../\n",
        f"{BASE}/{SNAPSHOT}/../../..\n",
    ],
)
def test_a_mirror_list_of_another_form_is_refused(channel: Channel, text: str) -> None:
    channel.write()
    (channel.www / "rpm/testing.mirrorlist").write_text(text)
    assert channel.check() is None
    assert channel.reasons() == ["it does not name one snapshot of a repository"]


def test_a_mirror_list_that_sends_clients_away_is_told(channel: Channel) -> None:
    channel.write()
    assert channel.check(addresses=("https://other.example",)) is not None
    assert channel.reasons() == [f"it sends clients to {BASE}"]
    channel.faults.found.clear()
    channel.check(addresses=())
    assert channel.reasons() == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("repomd.xml", None, "it is missing"),
        ("repomd.xml.asc", None, "it is missing"),
        ("repomd.xml.asc", "", "does not belong to it"),
        ("repomd.xml", "<repomd/>", "does not belong to it"),
    ],
)
def test_a_state_that_is_not_signed_is_not_believed(
    channel: Channel, name: str, content: str | None, reason: str
) -> None:
    channel.write()
    path = channel.repodata / name
    path.unlink() if content is None else path.write_text(content)
    assert channel.check() is None
    assert any(reason in found for found in channel.reasons())


def test_a_signed_text_that_is_no_repomd_is_refused(channel: Channel) -> None:
    channel.write()
    channel.sign("<html>not found</html>")
    channel.check()
    assert any("it cannot be read" in reason or "names no" in reason for reason in channel.reasons())


def test_a_link_to_another_snapshot_is_told(channel: Channel) -> None:
    channel.write()
    other = channel.www / "rpm/snap-other/repodata"
    other.mkdir(parents=True)
    (other / "repomd.xml").write_text("older")
    (channel.www / "rpm/testing").unlink()
    channel.check()
    assert channel.reasons() == []  # an object store has no links
    (channel.www / "rpm/testing").symlink_to("snap-other")
    channel.check()
    assert channel.reasons() == ["it is another than that of the snapshot in the mirror list"]


def test_indices_that_are_not_named_are_missed(channel: Channel) -> None:
    channel.write()
    channel.sign(createrepo_c.Repomd().xml_dump())
    channel.check()
    assert channel.reasons() == [f"it names no {kind}" for kind in ("filelists", "other", "primary")]
