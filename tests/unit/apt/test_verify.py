from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from modpkg.apt.publish import by_hash
from modpkg.apt.release import Index, Release, render_release
from modpkg.apt.verify import Suite, SuiteCheck
from modpkg.model.fault import Faults
from modpkg.store.origin import DirectoryOrigin
from tests.support.pens import PEN_KEY, pen, pen_ring

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_760_000_000
DAY = 86_400
PATH = "main/binary-amd64/Packages"
SHA256 = "ab" * 32


def stanza(**changes: str) -> str:
    fields = {
        "Package": "modpkg-module-core-bookworm",
        "Version": "1.0.0-1",
        "Architecture": "amd64",
        "Filename": f"pool/ab/{SHA256}/core.deb",
        "Size": "100",
        "SHA256": SHA256,
        **changes,
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


@dataclass
class Channel:
    """A channel that a test may write as it likes; whatever it writes is signed."""

    www: Path
    faults: Faults = field(default_factory=Faults)
    indices: list[Index] = field(default_factory=list)

    def index(self, path: str, content: bytes, *, size: int | None = None) -> None:
        sha256 = hashlib.sha256(content).hexdigest()
        index = Index(path=path, size=len(content) if size is None else size, sha256=sha256)
        for name in (path, by_hash(index)):
            place = self.www / "dists/testing" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        self.indices.append(index)

    def sign(self, *, channel: str = "testing", date: int = NOW, valid_until: int = NOW + DAY) -> None:
        release = Release(
            origin="test",
            description="x",
            channel=channel,
            architectures=("amd64",),
            date=date,
            valid_until=valid_until,
            changelogs="x",
            snapshot="cd" * 32,
            indices=tuple(self.indices),
        )
        path = self.www / "dists/testing/InRelease"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pen().clear(render_release(release), seconds=date))

    def check(self, *, since: int | None = None) -> Suite | None:
        origin = DirectoryOrigin(self.www)
        check = SuiteCheck(
            origin=origin, ring=pen_ring(), faults=self.faults, channel="testing", now=NOW, since=since
        )
        return check.run()

    def reasons(self) -> list[str]:
        # A pen's signature has another form than gpg's.
        found = sorted(self.faults.found)
        return [fault.reason for fault in found if fault.reason != "it has text outside of its signature"]


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    return Channel(tmp_path)


def test_a_sound_channel_has_no_faults(channel: Channel) -> None:
    text = stanza().encode()
    channel.index(PATH, text)
    channel.index(f"{PATH}.gz", gzip.compress(text))
    channel.sign()
    suite = channel.check()
    assert suite is not None
    assert [str(entry.version) for entry in suite.entries] == ["1.0.0-1"]
    assert suite.key == PEN_KEY.fingerprint
    assert channel.reasons() == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Filename": "../../etc/passwd"}, "leads out of the repository"),
        ({"Filename": "/etc/passwd"}, "leads out of the repository"),
        ({"Filename": "pool/%2e%2e/x"}, "not a plain path"),
        ({"Filename": "https://evil.example/x.deb"}, "leads out of the repository"),
        ({"Size": "-1"}, "impossible size: -1 bytes"),
        ({"Size": "0"}, "impossible size"),
        ({"Size": "99999999999999999999"}, "impossible size"),
        ({"SHA256": "ab"}, "impossible sha256"),
        ({"Architecture": "arm64"}, "is not for amd64"),
        ({"Version": "1:2"}, "is not a module version"),
        ({"Package": ""}, "no field 'Package'"),
    ],
)
def test_a_hostile_entry_is_refused_and_the_others_are_read(
    channel: Channel, changes: dict[str, str], reason: str
) -> None:
    channel.index(PATH, f"{stanza(**changes)}\n{stanza(Version='1.0.1-2')}".encode())
    channel.sign()
    suite = channel.check()
    assert suite is not None
    assert [str(entry.version) for entry in suite.entries] == ["1.0.1-2"]
    (found,) = channel.reasons()
    assert reason in found


@pytest.mark.parametrize("text", [stanza(Size="many"), stanza(Filename=""), "\xff"])
def test_what_is_no_index_is_refused(channel: Channel, text: str) -> None:
    channel.index(PATH, text.encode("latin-1"))
    channel.sign()
    suite = channel.check()
    assert suite is not None
    assert suite.entries == ()
    assert "it is no index of packages" in channel.reasons()[0]


def test_a_package_that_stands_there_twice_is_told(channel: Channel) -> None:
    channel.index(PATH, f"{stanza()}\n{stanza(SHA256='cd' * 32)}".encode())
    channel.sign()
    channel.check()
    assert channel.reasons() == ["it has modpkg-module-core-bookworm 1.0.0-1 amd64 twice"]


@pytest.mark.parametrize("path", ["../../../etc/passwd", "/etc/passwd", "main/../../x"])
def test_an_index_of_a_path_that_leads_out_is_not_read(channel: Channel, path: str) -> None:
    channel.indices.append(Index(path=path, size=10, sha256=SHA256))
    channel.sign()
    channel.check()
    assert ["bad path" in reason for reason in channel.reasons()] == [True]


@pytest.mark.parametrize("size", [-1, 1 << 40])
def test_an_index_of_an_impossible_size_is_not_read(channel: Channel, size: int) -> None:
    channel.index(PATH, b"", size=size)
    channel.sign()
    channel.check()
    assert channel.reasons() == [f"it names {PATH} with an impossible size or digest"]


def test_a_bomb_is_not_unpacked(channel: Channel) -> None:
    channel.index(PATH, stanza().encode())
    channel.index(f"{PATH}.gz", gzip.compress(bytes(1 << 24)))
    channel.sign()
    channel.check()
    assert channel.reasons() == [f"it unpacks to more than {len(stanza())} bytes"]


def test_a_packed_index_of_other_content_is_told(channel: Channel) -> None:
    channel.index(PATH, stanza().encode())
    channel.index(f"{PATH}.gz", gzip.compress(stanza(Version="1.0.0-9").encode()))
    channel.sign()
    channel.check()
    assert channel.reasons() == [f"it unpacks to something else than {PATH}"]


@pytest.mark.parametrize("which", ["plain", "by-hash"])
@pytest.mark.parametrize("how", ["missing", "shorter", "other"])
def test_each_copy_of_an_index_is_checked(channel: Channel, which: str, how: str) -> None:
    channel.index(PATH, stanza().encode())
    channel.sign()
    path = channel.www / "dists/testing" / (PATH if which == "plain" else by_hash(channel.indices[0]))
    if how == "missing":
        path.unlink()
    else:
        path.write_text(stanza()[:-1] + ("" if how == "shorter" else "X"))
    channel.check()
    ((fault,),) = [[fault for fault in channel.faults.found if "outside" not in fault.reason]]
    assert fault.file == str(path.relative_to(channel.www))
    assert fault.reason.startswith({"missing": "it is m", "shorter": "its size", "other": "its sha256"}[how])


@pytest.mark.parametrize(
    ("date", "valid_until", "reason"),
    [
        (NOW + 60, NOW + DAY, "comes from the future"),
        (NOW - 30 * DAY, NOW - 1, "it expired on"),
        (NOW - 30 * DAY, NOW + DAY, "older than it has to be"),
    ],
)
def test_a_channel_outside_of_its_time_is_told(
    channel: Channel, date: int, valid_until: int, reason: str
) -> None:
    channel.index(PATH, stanza().encode())
    channel.sign(date=date, valid_until=valid_until)
    channel.check(since=NOW - DAY if "older" in reason else None)
    (found,) = channel.reasons()
    assert reason in found


def test_all_faults_are_told_at_once(channel: Channel) -> None:
    channel.index(PATH, stanza(Size="-1").encode())
    channel.sign(channel="stable", date=NOW + DAY, valid_until=NOW - DAY)
    channel.check(since=NOW + 2 * DAY)
    assert len(channel.reasons()) == 5


@pytest.mark.parametrize("content", ["", "Origin: test\n", "signed at 1\n\nOrigin: test\n"])
def test_what_is_not_signed_or_no_release_is_not_believed(channel: Channel, content: str) -> None:
    path = channel.www / "dists/testing/InRelease"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert channel.check() is None
    assert len(channel.reasons()) == 1


def test_a_missing_release_is_a_fault(channel: Channel) -> None:
    assert channel.check() is None
    assert channel.reasons() == ["it is missing"]
