from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from modpkg.errors import BadInputError
from modpkg.events import Event, Progress
from modpkg.host.run import Completed, run
from modpkg.pipeline.verify_repository import Verification, Wish, verify_repository
from modpkg.store.origin import DirectoryOrigin, Origin, WebOrigin
from modpkg.store.transfer import Patience
from tests.support.attacks import APT_ATTACKS, DNF_ATTACKS, CarelessSigner, only, spoil
from tests.support.repos import Workshop
from tests.support.web import Fault, serving

if TYPE_CHECKING:
    from tests.support.keys import TestKey

pytestmark = pytest.mark.programs
DAY = 86_400
ROOT = Path(__file__).parents[3]
CODE = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from modpkg.cli.start import main; main()"
REASONS = {
    "package": "its sha256 is not the one that the index names",
    "index": "its sha256 is not the one",
    "release": "its content does not belong to its signature",
    "no-signature": "not signed|it is missing",
}


def verify(
    workshop: Workshop,
    key: TestKey,
    *,
    origin: Origin | None = None,
    depth: Literal["full", "quick"] = "full",
    **wishes: Any,
) -> Verification:
    wish = {"channels": ("testing", "stable"), "now": int(time.time()), **wishes}
    origin = origin or DirectoryOrigin(workshop.places.www)
    return verify_repository(Wish(origin=origin, keyring=key.public, depth=depth, **wish))


def reasons(verified: Verification) -> list[str]:
    return [f"{fault.file}: {fault.reason}" for fault in verified.faults]


@pytest.fixture
def published(workshop: Workshop) -> Workshop:
    packages = [*workshop.make(), *workshop.make("slurm", "23.2.1-5", depends={"core": "1.0.0-1"})]
    workshop.publish(packages, now=int(time.time()))
    return workshop


@pytest.mark.parametrize("depth", ["full", "quick"])
def test_a_sound_repository_is_good(
    published: Workshop, release_key: TestKey, depth: Literal["full", "quick"]
) -> None:
    verified = verify(published, release_key, depth=depth)
    assert reasons(verified) == []
    assert verified.exit_code == 0
    assert verified.absent == ("stable",)
    (channel,) = verified.channels
    assert (channel.channel, channel.debs, channel.rpms) == ("testing", 2, 2)
    assert channel.key == release_key.signer.key.fingerprint


def test_every_package_is_counted(published: Workshop, release_key: TestKey) -> None:
    events: list[Event] = []
    origin = DirectoryOrigin(published.places.www)
    wish = Wish(origin=origin, keyring=release_key.public, channels=("testing",), now=int(time.time()))
    verify_repository(wish, sink=events.append)
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert (last.done, last.total) == (4, 4)


@pytest.mark.parametrize("depth", ["full", "quick"])
def test_a_sound_repository_is_good_over_the_network(
    published: Workshop, release_key: TestKey, depth: Literal["full", "quick"]
) -> None:
    with serving(published.places.www) as web:
        base = published.base_url
        origin = WebOrigin(address=web.url)
        assert reasons(verify(published, release_key, origin=origin, depth=depth, addresses=(base,))) == []
        debs = [request for request in web.requests if request.path.endswith(".deb")]
        assert len(debs) == (2 if depth == "full" else 0)


def test_what_breaks_off_on_the_network_is_no_fault(published: Workshop, release_key: TestKey) -> None:
    deb = only(published.places.www / "pool", "*core*.deb")
    with serving(published.places.www) as web:
        web.faults[str(deb.relative_to(web.root))] = [Fault(cut_after=100)]
        web.faults["dists/testing/InRelease"] = [Fault(status=503)]
        patience = Patience(attempts=3, delay_seconds=0.01, timeout_seconds=5.0)
        origin = WebOrigin(address=web.url, patience=patience)
        assert reasons(verify(published, release_key, origin=origin)) == []
        assert web.starts(str(deb.relative_to(web.root))) == [None, 100]


@pytest.mark.parametrize("name", REASONS)
@pytest.mark.parametrize("attacks", [APT_ATTACKS, DNF_ATTACKS], ids=["apt", "dnf"])
def test_what_was_tampered_with_is_told(
    workshop: Workshop, release_key: TestKey, attacks: dict[str, Any], name: str
) -> None:
    workshop.publish(workshop.make(), now=int(time.time()))
    attacks[name].do(workshop.places.www)
    verified = verify(workshop, release_key)
    assert verified.exit_code == 1
    wanted = REASONS[name].split("|")
    assert any(reason in fault.reason for fault in verified.faults for reason in wanted), verified


def test_faults_of_several_files_are_told_at_once(published: Workshop, release_key: TestKey) -> None:
    www = published.places.www
    spoil(only(www / "pool", "*core*.deb"))
    only(www / "pool", "*slurm*.rpm").unlink()
    spoil(only(www / "rpm", "*-other.xml.gz"))
    (www / "dists/testing/main/binary-amd64/Packages").unlink()
    found = reasons(verify(published, release_key))
    assert len(found) == 4
    for part in ("core", "slurm", "other.xml.gz", "binary-amd64/Packages"):
        assert any(part in line for line in found), part


def test_a_quick_look_sees_what_is_missing_or_of_another_size(
    published: Workshop, release_key: TestKey
) -> None:
    pool = published.places.www / "pool"
    only(pool, "*core*.deb").unlink()
    with only(pool, "*slurm*.rpm").open("ab") as stream:
        stream.write(b"x")
    found = reasons(verify(published, release_key, depth="quick"))
    assert sorted(line.rpartition(": ")[2].split()[0] for line in found) == ["it", "its"]


def test_another_key_is_told(published: Workshop, other_key: TestKey, release_key: TestKey) -> None:
    found = reasons(verify(published, other_key))
    assert any("InRelease" in line and "not in the key ring" in line for line in found)
    assert any("repomd.xml" in line and "not in the key ring" in line for line in found)
    assert any(line.startswith("key.asc: it offers the key") for line in found)
    shutil.copyfile(other_key.public, published.places.public_key)
    (line,) = reasons(verify(published, release_key))
    assert line.startswith(f"key.asc: it offers the key {other_key.signer.key.fingerprint}")


def test_an_unsigned_rpm_in_a_signed_repository_is_told(workshop: Workshop, release_key: TestKey) -> None:
    careless = CarelessSigner(key=workshop.signer.key, home=workshop.signer.home)
    there = Workshop(directory=workshop.directory, signer=careless, document=workshop.document)
    there.publish(there.make(), now=int(time.time()))
    for depth in ("full", "quick"):
        (line,) = reasons(verify(workshop, release_key, depth=depth))
        assert line.endswith(".rpm: it is not signed")


@pytest.mark.parametrize(("days", "reason"), [(-30, "it expired on"), (2, "it comes from the future")])
def test_a_channel_outside_of_its_time_is_told(
    workshop: Workshop, release_key: TestKey, days: int, reason: str
) -> None:
    workshop.publish(workshop.make(), now=int(time.time()) + days * DAY)
    (line,) = reasons(verify(workshop, release_key))
    assert reason in line


@pytest.fixture
def rolled(workshop: Workshop) -> tuple[Workshop, Path, str]:
    """A repository with two states, a copy of its older one, and the name of the newer one."""
    now = int(time.time())
    workshop.publish(workshop.make(version="1.0.0-1"), now=now - DAY)
    older = workshop.directory / "older"
    shutil.copytree(workshop.places.www, older, symlinks=True)
    newer = workshop.publish(workshop.make(version="1.0.0-2"), now=now)
    return workshop, older, newer.snapshot


def test_a_frozen_repository_is_told_when_the_date_is_known(
    rolled: tuple[Workshop, Path, str], release_key: TestKey
) -> None:
    workshop, older, newer = rolled
    origin, since = DirectoryOrigin(older), int(time.time()) - DAY // 2
    assert reasons(verify(workshop, release_key, origin=origin)) == []
    (line,) = reasons(verify(workshop, release_key, origin=origin, since=since))
    assert "dists/testing/InRelease: it is older than it has to be" in line
    found = reasons(verify(workshop, release_key, origin=origin, snapshot=newer))
    assert ["not the pinned one" in line for line in found] == [True, True]
    assert reasons(verify(workshop, release_key, since=since, snapshot=newer)) == []


@pytest.mark.parametrize("half", ["dists", "rpm"])
def test_one_half_that_was_rolled_back_is_told_without_any_date(
    rolled: tuple[Workshop, Path, str], release_key: TestKey, half: str
) -> None:
    # dnf alone takes the older state without a word: the signed InRelease names the snapshot of both.
    workshop, older, _ = rolled
    names = ("testing.mirrorlist",) if half == "rpm" else ("testing/InRelease", "testing/main")
    for name in names:
        target = workshop.places.www / half / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        source = older / half / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
    found = reasons(verify(workshop, release_key))
    assert any("but apt's InRelease" in line for line in found)


def test_nothing_published_is_no_good_repository(workshop: Workshop, release_key: TestKey) -> None:
    workshop.places.www.mkdir(parents=True)
    with pytest.raises(BadInputError, match="nothing is published there"):
        verify(workshop, release_key)


def command(tmp_path: Path, *words: str) -> Completed:
    (tmp_path / "recipes").mkdir(exist_ok=True)
    (tmp_path / "repo").mkdir(exist_ok=True)
    (tmp_path / "repo/repository.yaml").write_text("name: test\nsummary: x\nchannels: [testing, stable]\n")
    environment = {"HOME": str(tmp_path)}
    return run([sys.executable, "-c", CODE, *words], env=environment, cwd=tmp_path, check=False)


def test_the_command_tells_all_as_json_and_by_its_status(
    published: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    words = ["verify-repository", "--place", str(published.places.root), "--output", "json"]
    words += ["--keyring", str(release_key.public)]
    done = command(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"] == "good"
    spoil(only(published.places.www / "pool", "*core*.deb"))
    done = command(tmp_path, *words)
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["result"] == "1 fault"
    (fault,) = answer["faults"]
    assert fault["file"].endswith("core-bookworm_1.0.0-1_amd64.deb")
    assert command(tmp_path, *words, "--quick").returncode == 0
    assert command(tmp_path, *words, "--quick", "--expect", "2099-01-01").returncode == 1
    done = command(tmp_path, *words, "--expect", "tomorrow")
    assert (done.returncode, "cannot read the date" in done.stderr) == (2, True)
    done = command(tmp_path, *words, "--quick", "--expect", "ab" * 32)
    assert (done.returncode, done.stdout.count("not the pinned one")) == (1, 2)
