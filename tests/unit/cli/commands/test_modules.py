from pathlib import Path

import pytest

from modpkg.cli.commands.modules import build_all, build_module, open_shop, release_module, show_module
from modpkg.cli.render import to_data, to_text
from modpkg.cli.results.modules import BuildResult, PlanResult
from modpkg.errors import BadInputError
from modpkg.events import Event, StepSkipped
from modpkg.formats.documents import load_changelog
from tests.support.checkout import Checkout, fix_tools
from tests.support.fake_worker import FakeWorker, stock
from tests.support.sessions import called, session_of

EVERY = ["core", "kernel", "slurm"]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    fix_tools(monkeypatch)
    return FakeWorker.installed(monkeypatch)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = Checkout.made(tmp_path)
    stock(checkout.store, checkout.write_lock())
    return checkout


def test_a_module_is_built_with_those_below(checkout: Checkout, worker: FakeWorker) -> None:
    result = called(build_module, session_of(checkout), "kernel", offline=True)
    assert isinstance(result, BuildResult)
    assert worker.built == [one.name for one in result.modules] == ["core", "kernel"]
    kernel = result.modules[1]
    assert (kernel.version, kernel.packages, kernel.marks) == ("6.1.0-1", 1, ("unreleased",))
    assert kernel.deb.is_file()
    assert kernel.rpm.is_file()
    assert kernel.deb.is_relative_to(checkout.root / "build")
    assert [step.name for step in result.steps] == ["build core", "build kernel"]


def test_all_modules_are_built(checkout: Checkout, worker: FakeWorker) -> None:
    result = called(build_all, session_of(checkout), offline=True)
    assert worker.built == [one.name for one in result.modules] == EVERY


def test_all_are_those_that_are_not_on_demand(checkout: Checkout, worker: FakeWorker) -> None:
    checkout.append("modules/slurm/recipe.yaml", "on-demand: true\n")
    result = called(build_all, session_of(checkout), offline=True)
    assert worker.built == [one.name for one in result.modules] == ["core", "kernel"]


@pytest.mark.parametrize("command", [build_module, build_all])
def test_a_dry_run_tells_and_does_nothing(checkout: Checkout, worker: FakeWorker, command: object) -> None:
    words = ["slurm"] if command is build_module else []
    result = called(command, session_of(checkout), *words, dry_run=True)  # type: ignore[arg-type]
    assert isinstance(result, PlanResult)
    assert [(one.name, one.to_build, one.reason) for one in result.modules] == [
        (name, True, "it was never built here") for name in EVERY
    ]
    assert worker.built == []
    assert not (checkout.root / "build").exists()


def test_a_second_build_shows_the_reasons(checkout: Checkout, worker: FakeWorker) -> None:
    called(build_all, session_of(checkout), offline=True)
    events: list[Event] = []
    called(build_all, session_of(checkout, sink=events.append), offline=True)
    assert events == [StepSkipped(f"build {name}", "nothing changed since it was built") for name in EVERY]
    assert worker.built == EVERY


def test_fast_is_passed_on(checkout: Checkout, worker: FakeWorker) -> None:
    called(build_module, session_of(checkout), "core", fast=True, offline=True)
    assert (worker.builds[0].level, worker.builds[0].marks) == (3, ("fast", "unreleased"))


def test_offline_and_fast_reach_the_workshop(checkout: Checkout) -> None:
    shop = open_shop(session_of(checkout), "bookworm", fast=True, offline=True)
    assert (shop.fast, shop.site.offline, shop.work) == (True, True, checkout.root / "build")
    assert shop.store == checkout.store


def test_the_author_and_the_moment_come_from_the_environment(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    session = session_of(checkout, MODPKG_AUTHOR="Ann <ann@example.org>")
    result = called(release_module, session, "slurm", message="Take munge", urgency="high")
    assert to_data(result)["released"][0]["new"] == "22.5.8-3"
    newest = load_changelog(checkout.path("modules/slurm/changelog.yaml")).newest
    assert (newest.author, newest.urgency, newest.date) == (
        "Ann <ann@example.org>",
        "high",
        "2025-06-15T15:06:40Z",
    )


def test_all_that_is_not_released_is(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    result = called(release_module, session_of(checkout), "all", message="x")
    assert [one.module for one in result.released] == EVERY
    assert called(release_module, session_of(checkout), "all", message="x").released == ()


def test_a_dry_run_of_a_release_writes_nothing(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    before = checkout.path("modules/slurm/changelog.yaml").read_bytes()
    result = called(release_module, session_of(checkout), "slurm", message="x", dry_run=True)
    assert result.released[0].new == "22.5.8-3"
    assert checkout.path("modules/slurm/changelog.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"message": ""}, "--message has to say"),
        ({"message": "x", "urgency": "huge"}, "--urgency has to be low"),
    ],
)
def test_words_that_no_changelog_takes_are_refused(
    checkout: Checkout, worker: FakeWorker, options: dict[str, str], hint: str
) -> None:
    del worker
    with pytest.raises(BadInputError) as caught:
        called(release_module, session_of(checkout), "slurm", **options)
    assert caught.value.hint.startswith(hint)


def test_a_module_is_shown_as_it_is_built(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    called(build_all, session_of(checkout), offline=True)
    result = called(show_module, session_of(checkout), "slurm")
    assert (result.name, result.version, result.lies_on) == (
        *("slurm", "22.5.8-2", ("core 12.0.3-1", "kernel 6.1.0-1")),
    )
    assert result.packages == ("munge 1.0-1", "slurmd 1.0-1")
    assert "22.5.8-2" in to_text(result)


def test_a_module_that_is_not_built_says_what_builds_it(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    with pytest.raises(BadInputError, match="invoke build-module slurm"):
        called(show_module, session_of(checkout), "slurm")


@pytest.mark.parametrize("command", [build_module, show_module])
def test_a_platform_that_is_not_there(checkout: Checkout, command: object) -> None:
    with pytest.raises(BadInputError, match="cannot find the platform 'el9'"):
        called(command, session_of(checkout), "slurm", platform="el9")  # type: ignore[arg-type]
