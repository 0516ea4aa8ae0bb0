from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.events import StepSkipped, ignore
from modpkg.formats.documents import load_repository
from modpkg.model.repository import Places
from modpkg.pipeline.build_modules import build_modules
from modpkg.pipeline.journal import read_snapshots
from modpkg.pipeline.pairs import WRITE_AGAIN
from modpkg.pipeline.publish import plan
from modpkg.pipeline.publish_modules import inputs_of, packages_of
from modpkg.pipeline.publish_packages import publish_packages
from modpkg.pipeline.release_module import Wording, release_all
from modpkg.pipeline.target import Target
from tests.support.checkout import Checkout, fix_tools
from tests.support.fake_worker import FakeWorker, stock
from tests.support.pens import PEN_KEY, pen_signer

NOW = 1_750_086_400


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    fix_tools(monkeypatch)
    FakeWorker.installed(monkeypatch)
    monkeypatch.setattr("modpkg.pipeline.signing.find_signer", lambda *_, **__: pen_signer())
    checkout = Checkout.made(tmp_path)
    lock = checkout.lock()
    stock(checkout.store, lock)
    release_all(checkout.catalogue(), lock=lock, wording=Wording(message="x", author=None, now=1_750_000_000))
    return checkout


def build(checkout: Checkout, *names: str) -> None:
    build_modules(checkout.workshop(), names or ["slurm"], sink=ignore)


def target(checkout: Checkout, channel: str = "testing") -> Target:
    document = load_repository(checkout.root / "repo/repository.yaml")
    return Target(repository=checkout.root / "repository", document=document, channel=channel)


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


CORE = ["modpkg-module-core-bookworm_12.0.3-1_amd64.deb", "modpkg-module-core-bookworm-12.0.3-1.x86_64.rpm"]


def test_the_packages_of_all_modules_are_given_lower_ones_first(checkout: Checkout) -> None:
    build(checkout)
    found = names(packages_of(checkout.workshop(), None, sink=ignore))
    assert found[:2] == CORE
    assert [name.split("-")[2] for name in found[::2]] == ["core", "kernel", "slurm"]


def test_the_packages_of_one_module_come_with_those_it_stands_on(checkout: Checkout) -> None:
    build(checkout)
    assert names(packages_of(checkout.workshop(), "core", sink=ignore)) == CORE
    found = names(packages_of(checkout.workshop(), "kernel", sink=ignore))
    assert {name.split("-")[2] for name in found} == {"core", "kernel"}


def test_what_is_built_fast_only_is_told_as_that(checkout: Checkout) -> None:
    build_modules(checkout.workshop(fast=True), ["slurm"], sink=ignore)
    with pytest.raises(BadInputError, match="cannot publish core, kernel, slurm: built with --fast only"):
        packages_of(checkout.workshop(), None, sink=ignore)


def test_asking_for_packages_builds_nothing(checkout: Checkout) -> None:
    build(checkout)
    events: list[object] = []
    packages_of(checkout.workshop(), None, sink=events.append)
    assert {type(event) for event in events} == {StepSkipped}


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (None, "cannot publish core, kernel, slurm: not built, or changed since\n  hint: invoke build-all"),
        ("core", "cannot publish core: not built, or changed since\n  hint: invoke build-module core"),
        (
            "kernel",
            "cannot publish core, kernel: not built, or changed since\n  hint: invoke build-module kernel",
        ),
    ],
)
def test_what_is_not_built_is_named(checkout: Checkout, module: str | None, text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        packages_of(checkout.workshop(), module, sink=ignore)
    assert str(caught.value) == text


def test_what_changed_since_is_named(checkout: Checkout) -> None:
    build(checkout)
    checkout.change("modules/slurm/recipe.yaml", "summary: The module slurm", "summary: x")
    with pytest.raises(BadInputError, match="cannot publish slurm: not built, or changed since"):
        packages_of(checkout.workshop(), None, sink=ignore)
    assert names(packages_of(checkout.workshop(), "core", sink=ignore)) == CORE


def test_a_module_that_is_not_there(checkout: Checkout) -> None:
    with pytest.raises(BadInputError, match="no module 'slrum'"):
        packages_of(checkout.workshop(), "slrum", sink=ignore)


def test_a_plan_tells_what_would_be_added_and_writes_nothing(checkout: Checkout) -> None:
    build(checkout)
    packages = packages_of(checkout.workshop(), None, sink=ignore)
    planned = plan(packages, target=target(checkout), now=NOW)
    assert [identity.name.split("-")[2] for identity in planned.added] == ["core", "kernel", "slurm"]
    assert not (checkout.root / "repository").exists()


def test_a_channel_that_is_not_there_is_refused_first(checkout: Checkout) -> None:
    with pytest.raises(BadInputError) as caught:
        plan([], target=target(checkout, "tseting"), now=NOW)
    assert "there is none of that name\n  hint: modpkg has testing, stable" in str(caught.value)


def test_what_is_published_is_in_the_channel(checkout: Checkout) -> None:
    build(checkout)
    packages = packages_of(checkout.workshop(), None, sink=ignore)
    home = checkout.root / "gnupg"
    published = publish_packages(packages, target=target(checkout), home=home, now=NOW, sink=ignore)
    assert (published.channel, published.key, len(published.added)) == ("testing", PEN_KEY.fingerprint, 3)
    (snapshot,) = read_snapshots(Places(checkout.root / "repository"))
    assert snapshot.id == published.snapshot
    assert published.release.is_file()
    again = publish_packages(packages, target=target(checkout), home=home, now=NOW + 1, sink=ignore)
    assert (again.snapshot, again.added, len(again.present)) == (published.snapshot, (), 3)


@pytest.mark.parametrize("which", [0, 3, -1])
def test_a_damaged_package_is_refused_before_a_key_is_made_or_anything_is_written(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    build(checkout)
    packages = packages_of(checkout.workshop(), None, sink=ignore)
    content = bytearray(packages[which].read_bytes())
    content[-300] ^= 1  # within the last stored block
    packages[which].write_bytes(content)
    asked: list[object] = []
    monkeypatch.setattr("modpkg.pipeline.signing.find_signer", lambda *_, **__: asked.append(1))
    home = checkout.root / "gnupg"
    with pytest.raises(BadInputError) as caught:
        publish_packages(packages, target=target(checkout), home=home, now=NOW, sink=ignore)
    assert (caught.value.where, caught.value.hint) == (str(packages[which]), WRITE_AGAIN)
    assert asked == []
    assert not home.exists()
    assert not (checkout.root / "repository").exists()


def test_what_is_not_released_is_refused_by_name(checkout: Checkout) -> None:
    checkout.change("modules/slurm/recipe.yaml", "summary: The module slurm", "summary: x")
    build(checkout)
    packages = packages_of(checkout.workshop(), None, sink=ignore)
    with pytest.raises(BadInputError, match="it is marked unreleased"):
        publish_packages(packages, target=target(checkout), home=checkout.root, now=NOW, sink=ignore)
    assert not (checkout.root / "repository/www/dists").exists()


def test_the_inputs_of_packages_are_those_of_the_lock(checkout: Checkout) -> None:
    build(checkout)
    workshop = checkout.workshop()
    packages = packages_of(workshop, "kernel", sink=ignore)
    found = inputs_of(workshop, packages, sink=ignore)
    assert [name.split("-")[2] for name in found] == ["core", "kernel"]
    (image,) = found[packages[2].name]
    assert (image.file_name, image.path.exists()) == ("linux-image-amd64_1.0-1_amd64.deb", True)
    published = publish_packages(
        packages, target=target(checkout), home=checkout.root, now=NOW, inputs=found, sink=ignore
    )
    assert len(published.added) == 2
    wanted = {each.sha256 for needed in found.values() for each in needed}
    assert {path.name for path in Places(checkout.root / "repository").inputs.iterdir()} == wanted
