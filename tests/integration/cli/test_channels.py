"""promote, rollback, refresh and snapshots as a user calls them."""

import json
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from modpkg.host.run import Completed, run
from modpkg.openpgp.agent import opened
from modpkg.openpgp.keys import gpg
from tests.support.keys import make_test_key
from tests.support.repos import NOW, Workshop, make_document, modules_of, pin, tree_of

ROOT = Path(__file__).parents[3]
CODE = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from modpkg.cli.program import main; main()"

pytestmark = pytest.mark.programs


@dataclass(frozen=True, kw_only=True)
class Site:
    """A checkout whose work directory holds a repository."""

    checkout: Path
    workshop: Workshop

    def call(self, *words: str, now: int = NOW) -> Completed:
        environment = {
            "HOME": str(self.checkout),
            "MODPKG_WORK": str(self.workshop.directory),
            "MODPKG_GNUPGHOME": str(self.workshop.signer.home),
            "SOURCE_DATE_EPOCH": str(now),
        }
        return run([sys.executable, "-c", CODE, *words], env=environment, cwd=self.checkout, check=False)

    def ask(self, *words: str, now: int = NOW) -> Any:
        completed = self.call(*words, "--output", "json", now=now)
        assert completed.returncode == 0, completed.stderr
        return json.loads(completed.stdout)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Site:
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "repo", checkout / "repo")
    (checkout / "recipes").mkdir()
    signer = make_test_key(checkout, "key").signer
    work = Workshop(directory=checkout / "build", signer=signer, document=make_document(None))
    work.publish(work.make(version="1.0.0-1"))
    work.publish(work.make(version="1.0.0-2"), now=NOW + 1)
    return Site(checkout=checkout, workshop=work)


@pytest.fixture
def site(made: Site, tmp_path: Path) -> Site:
    shutil.copytree(made.workshop.places.root, tmp_path / "repository", symlinks=True)
    return replace(made, workshop=replace(made.workshop, directory=tmp_path))


def test_a_promotion_a_refresh_and_a_rollback(site: Site) -> None:
    promoted = site.ask("promote", "testing", "stable", now=NOW + 2)
    assert (promoted["channel"], promoted["packages"], promoted["removed"]) == ("stable", 4, [])
    assert promoted["added"][0] == "modpkg-module-core-bookworm 1.0.0-1 amd64"
    (first, second) = site.ask("refresh", now=NOW + 3)
    assert (first["channel"], second["channel"]) == ("testing", "stable")
    assert second["parent"] == promoted["snapshot"]
    listed = site.ask("snapshots", "--channel", "testing")
    assert [each["current"] for each in listed] == [True, False, False]
    back = site.ask("rollback", "testing", listed[-1]["snapshot"][:10], now=NOW + 5)
    assert back["removed"] == ["modpkg-module-core-bookworm 1.0.0-2 amd64"]
    assert modules_of(site.workshop) == ["core 1.0.0-1"]
    assert modules_of(site.workshop, "stable") == ["core 1.0.0-1", "core 1.0.0-2"]


@pytest.mark.parametrize(
    "words", [("promote", "testing", "stable"), ("refresh",), ("rollback", "testing", "OLDEST")]
)
def test_a_dry_run_tells_the_same_and_changes_nothing(site: Site, words: tuple[str, ...]) -> None:
    oldest = site.ask("snapshots")[-1]["snapshot"]
    named = [oldest if word == "OLDEST" else word for word in words]
    before = tree_of(site.workshop.places.root)
    planned = site.ask(*named, "--dry-run", now=NOW + 2)
    assert tree_of(site.workshop.places.root) == before
    done = site.ask(*named, now=NOW + 2)
    for plan, change in zip(_all(planned), _all(done), strict=True):
        assert (plan["snapshot"], plan["key"]) == (None, None)
        assert {**change, "snapshot": None, "key": None} == plan


def test_a_wrong_channel_is_bad_input_and_makes_no_key(site: Site, tmp_path: Path) -> None:
    home = replace(site.workshop.signer, home=tmp_path / "none")
    elsewhere = replace(site, workshop=replace(site.workshop, signer=home))
    completed = elsewhere.call("promote", "testing", "stably")
    assert completed.returncode == 2
    assert "hint: modpkg has testing, stable" in completed.stderr
    assert not home.home.exists()


def _all(answer: Any) -> list[dict[str, Any]]:
    return answer if isinstance(answer, list) else [answer]


def test_text_is_readable(site: Site) -> None:
    lines = site.call("snapshots").stdout.splitlines()
    assert lines[0].split()[:3] == ["snapshot", "channel", "date"]
    assert len(lines) == 3


def test_the_cache_can_be_made_again(site: Site) -> None:
    counted = site.ask("rebuild-index", "--dry-run")
    done = site.ask("rebuild-index")
    assert (done["snapshots"], done["packages"]) == (2, 4)
    assert counted == done


def test_a_version_is_retired_everywhere_and_pruned(site: Site) -> None:
    site.ask("promote", "testing", "stable", now=NOW + 2)
    planned = site.ask("retire", "core", "1.0.0-1", "--dry-run", now=NOW + 3)
    retired = site.ask("retire", "core", "1.0.0-1", now=NOW + 3)
    assert [each["channel"] for each in retired] == ["testing", "stable"]
    assert [each["removed"] for each in planned] == [each["removed"] for each in retired]
    assert modules_of(site.workshop) == modules_of(site.workshop, "stable") == ["core 1.0.0-2"]
    before = tree_of(site.workshop.places.root)
    planned = site.ask("prune", "--dry-run", now=NOW + 4)
    assert tree_of(site.workshop.places.root) == before
    assert site.ask("prune", now=NOW + 4) == planned
    assert (planned["deleted"], planned["trimmed"]) == ([], [])
    again = site.call("retire", "core", "1.0.0-1")
    assert again.returncode == 2
    assert "no channel lists it" in again.stderr


def test_what_a_lock_of_the_checkout_names_is_not_retired(site: Site) -> None:
    (deb,) = site.workshop.places.www.glob("pool/*/*/*_1.0.0-1_amd64.deb")
    pin(site.workshop.places, "compute", [deb.parent.name])
    refused = site.call("retire", "core", "1.0.0-1", now=NOW + 3)
    assert refused.returncode == 2
    assert "the lock of image compute names it" in refused.stderr


def test_channels_are_trimmed_as_the_document_says(site: Site) -> None:
    path = site.checkout / "repo/repository.yaml"
    text = path.read_text()
    path.write_text(f"{text}keep-versions: 1\n")
    try:
        done = site.ask("prune", now=NOW + 4)
    finally:
        path.write_text(text)
    (trimmed,) = done["trimmed"]
    assert trimmed["removed"] == ["modpkg-module-core-bookworm 1.0.0-1 amd64"]
    assert modules_of(site.workshop) == ["core 1.0.0-2"]


def test_a_key_is_looked_at_and_not_taken(site: Site, tmp_path: Path) -> None:
    with opened(site.workshop.signer.home) as home:
        exported = run([*gpg(home), "--armor", "--export-secret-keys"]).stdout
    (tmp_path / "key.asc").write_text(exported)
    signer = replace(site.workshop.signer, home=tmp_path / "gnupg")
    there = replace(site, workshop=replace(site.workshop, signer=signer))
    planned = there.ask("import-key", str(tmp_path / "key.asc"), "--dry-run")
    assert planned["key"] == signer.key.fingerprint
    assert not signer.home.exists()
    assert there.ask("import-key", str(tmp_path / "key.asc")) == planned
    assert signer.home.exists()
