import json
from dataclasses import replace
from pathlib import Path

import pytest

from modpkg.errors import BadInputError, DocumentError, ModpkgError
from modpkg.events import Event, StepSkipped, Warned, ignore
from modpkg.formats.canonical import write_record
from modpkg.formats.documents import load_changelog
from modpkg.host.files import digest_file
from modpkg.model.lock import LockedPackage
from modpkg.node.report import BootReport
from modpkg.pipeline import demo as subject
from modpkg.pipeline.demo import AUTHOR, Demo, DemoOrder, run_demo
from modpkg.pipeline.fetch_packages import GoneError
from modpkg.pipeline.lock_platform import Locked
from modpkg.pipeline.workplace import Workplace
from modpkg.store.failures import Download, Failure, FetchError, Kind
from tests.support.checkout import Checkout, fix_tools, package
from tests.support.fake_worker import FakeWorker, stock
from tests.support.pens import pen_signer, trust_pens

NOW = 1_750_000_000
DAY = 86_400
EVERY = ["core", "kernel", "slurm"]
NEWER = package("munge", "0.5.15-2")


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    fix_tools(monkeypatch)
    trust_pens(monkeypatch)
    monkeypatch.setattr("modpkg.pipeline.signing.find_signer", lambda *_, **__: pen_signer())
    return FakeWorker.installed(monkeypatch)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = Checkout.made(tmp_path)
    checkout.change("images/compute.yaml", '"6.1.0-1"', '"~6"')
    checkout.change("images/compute.yaml", '"22.5.8-2"', '"~22"')
    stock(checkout.store, checkout.write_lock())
    return checkout


def order(checkout: Checkout, *, days: int = 0, boot: bool = False) -> DemoOrder:
    return DemoOrder(
        recipes=checkout.recipes,
        repository=checkout.root / "repo/repository.yaml",
        workplace=Workplace(checkout.root / "build"),
        site=checkout.workshop().site,
        now=NOW + days * DAY,
        boot=boot,
    )


def demo(checkout: Checkout, *, days: int = 0, events: list[Event] | None = None) -> Demo:
    return run_demo(order(checkout, days=days), sink=ignore if events is None else events.append)


def versions(made: Demo) -> dict[str, str]:
    return {one.module.name: one.module.version for one in made.modules}


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): digest_file(path) for path in folder.rglob("*") if path.is_file()}


def test_the_demo_goes_from_recipes_to_an_image(checkout: Checkout, worker: FakeWorker) -> None:
    made = demo(checkout)
    assert worker.built == EVERY
    assert versions(made) == {"core": "12.0.3-1", "kernel": "6.1.0-1", "slurm": "22.5.8-3"}
    assert [one.module.marks for one in made.modules] == [(), (), ()]
    assert (made.published.channel, len(made.published.added)) == ("testing", 3)
    assert made.directory.parent == checkout.root / "build/images"
    assert made.directory.name == f"compute_{made.image.image.version}_amd64"
    assert {path.name for path in made.directory.iterdir()} >= {
        "vmlinuz",
        "initrd",
        "root.squashfs",
        "image.json",
    }
    assert made.boot is None


def test_steps_have_their_reasons(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    made = demo(checkout)
    assert [step.name for step in made.steps] == [
        *("recipes and lock", "build core", "build kernel", "build slurm", "modules", "repository", "image")
    ]
    reasons = {step.name: step.reason for step in made.steps}
    assert reasons["modules"] == "built core, kernel, slurm"
    assert reasons["build core"] == "it was never built here"
    assert reasons["repository"] == f"snapshot {made.published.snapshot[:12]}"
    assert all(step.seconds >= 0 and step.cpu_seconds >= 0 for step in made.steps)


def test_the_checkout_is_never_changed(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    before = tree(checkout.recipes)
    demo(checkout)
    assert tree(checkout.recipes) == before


def test_what_is_not_released_is_released_in_the_copy_and_said(
    checkout: Checkout, worker: FakeWorker
) -> None:
    del worker
    events: list[Event] = []
    demo(checkout, events=events)
    copy = Workplace(checkout.root / "build").demo_recipes
    warned, unsigned = [event for event in events if isinstance(event, Warned)]
    assert "is not signed, as there is no key" in unsigned.message
    assert warned.message == (
        f"core, kernel, slurm: released by the demo in {copy}, as their inputs are not those of their changelogs"
    )
    newest = load_changelog(copy / "modules/slurm/changelog.yaml").newest
    assert (newest.version, newest.author) == ("22.5.8-3", AUTHOR)


def test_a_second_demo_does_nothing_again(checkout: Checkout, worker: FakeWorker) -> None:
    first = demo(checkout)
    before = tree(checkout.root / "build")
    events: list[Event] = []
    second = demo(checkout, days=1, events=events)
    assert worker.built == EVERY
    assert len(worker.assembled) == 1
    assert tree(checkout.root / "build") == before
    assert (second.published.snapshot, second.image) == (first.published.snapshot, first.image)
    assert {type(event) for event in events} == {StepSkipped}
    assert next(step.reason for step in second.steps if step.name == "modules") == (
        "nothing changed since they were built"
    )


def test_a_change_of_the_checkout_is_taken_over(checkout: Checkout, worker: FakeWorker) -> None:
    demo(checkout)
    checkout.change("modules/slurm/recipe.yaml", "summary: The module slurm", "summary: x")
    made = demo(checkout, days=1)
    assert worker.built == [*EVERY, "slurm"]
    assert made.modules[-1].module.summary == "x"
    assert versions(made)["slurm"] == "22.5.8-4"


def test_each_change_has_a_version_of_its_own(checkout: Checkout, worker: FakeWorker) -> None:
    # A copy that forgot the demo's releases would publish other content as 22.5.8-3, and be refused.
    del worker
    found = []
    for day, summary in enumerate(("one", "two", "three")):
        path = checkout.path("modules/slurm/recipe.yaml")
        lines = [
            line if not line.startswith("summary:") else f"summary: {summary}"
            for line in path.read_text().splitlines()
        ]
        path.write_text("\n".join(lines) + "\n")
        found.append(versions(demo(checkout, days=day))["slurm"])
    assert found == ["22.5.8-3", "22.5.8-4", "22.5.8-5"]


def test_a_release_of_the_checkout_stands_beside_what_the_demo_published(
    checkout: Checkout, worker: FakeWorker
) -> None:
    del worker
    demo(checkout)
    entry = '  - version: "22.5.8-3"\n    date: "2025-07-01T12:00:00Z"\n'
    entry += '    author: "A <a@example.org>"\n    changes: [Mine]\n\n'
    checkout.change(
        "modules/slurm/changelog.yaml", '  - version: "22.5.8-2"', f'{entry}  - version: "22.5.8-2"'
    )
    checkout.change("modules/slurm/recipe.yaml", "summary: The module slurm", "summary: x")
    assert versions(demo(checkout, days=30))["slurm"] == "22.5.8-4"


def test_faults_of_the_checkout_are_told_there_and_the_copy_is_kept(
    checkout: Checkout, worker: FakeWorker
) -> None:
    del worker
    demo(checkout)
    copy = Workplace(checkout.root / "build").demo_recipes
    before = tree(copy)
    path = checkout.path("modules/slurm/changelog.yaml")
    text = path.read_text()
    path.write_text("entries: [")
    with pytest.raises(BadInputError, match=str(path)):
        demo(checkout, days=1)
    assert tree(copy) == before
    path.write_text(text)
    assert versions(demo(checkout, days=2))["slurm"] == "22.5.8-3"


def test_faults_of_all_documents_are_told_before_anything_is_made(
    checkout: Checkout, worker: FakeWorker
) -> None:
    del worker
    wanted = order(checkout)
    checkout.root.joinpath("repo/repository.yaml").write_text("name: 5\n")
    checkout.path("modules/slurm/changelog.yaml").write_text("entries: [")
    with pytest.raises(DocumentError) as caught:
        run_demo(wanted, sink=ignore)
    files = {Path(problem.file).name for problem in caught.value.problems}
    assert files == {"repository.yaml", "changelog.yaml"}
    assert not Workplace(checkout.root / "build").demo_recipes.exists()


def gone(one: LockedPackage) -> GoneError:
    download = Download(urls=(), sha256=one.sha256, size=one.size, name=f"debian:/{one.path}")
    error = FetchError([Failure(download=download, kind=Kind.GONE, detail="404")], total=1)
    return GoneError("bookworm", packages=[one], error=error)


def test_when_the_archive_moved_on_the_copy_gets_a_new_lock(
    checkout: Checkout, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = checkout.lock()
    new = checkout.lock(slurm=(NEWER, package("slurmd")))
    stock(checkout.store, new)

    def fetch(*_: object, **__: object) -> None:
        raise gone(old.modules["slurm"][0])

    def lock(wish: object, path: Path, **_: object) -> Locked:
        del wish
        return Locked(lock=new, path=path, changes=(), receipt=write_record(path, new))

    monkeypatch.setattr(subject, "fetch_packages", fetch)
    monkeypatch.setattr(subject, "lock_platform", lock)
    before = tree(checkout.recipes)
    events: list[Event] = []
    made = demo(checkout, events=events)
    assert (
        Warned(
            "the archive moved on: 1 locked packages are gone, locking anew",
            "the committed lock stays as it is; invoke lock-platform bookworm renews it",
        )
        in events
    )
    assert [one.version for one in made.modules[-1].module.packages if one.name == "munge"] == ["0.5.15-2"]
    assert tree(checkout.recipes) == before
    monkeypatch.setattr(subject, "fetch_packages", lambda *_, **__: pytest.fail("nothing is to be fetched"))
    assert demo(checkout, days=1).published.added == ()
    assert worker.built == EVERY


def report(console: Path, **changes: object) -> BootReport:
    known = {
        "multi_user_seconds": 20.0,
        "failed_units": (),
        "tests": (),
        "timeline": (),
        "console": console,
        "memory_mb": 300,
        "audit": "",
        "startup": "",
    }
    return BootReport(**{**known, **changes})  # type: ignore[arg-type]


def test_the_image_is_booted_and_the_boot_is_a_step(
    checkout: Checkout, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    del worker
    booted: list[tuple[Path, Path]] = []

    def boot(directory: Path, *, options: object, work: Path, sink: object) -> BootReport:
        del options, sink
        booted.append((directory, work))
        return report(work / "console.log")

    monkeypatch.setattr(subject, "boot_image", boot)
    made = run_demo(order(checkout, boot=True), sink=ignore)
    assert made.boot is not None
    assert booted == [(made.directory, checkout.root / "build/boot/compute")]
    assert (made.steps[-1].name, made.steps[-1].reason) == ("boot", "to see a node run it")


def test_a_node_that_is_not_well_fails_the_demo(
    checkout: Checkout, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del worker
    console = tmp_path / "console.log"
    console.write_text("login:\n")
    found = report(console, failed_units=("slurmd.service",))
    monkeypatch.setattr(subject, "boot_image", lambda *_, **__: found)
    with pytest.raises(ModpkgError, match=r"unit slurmd.service failed"):
        run_demo(order(checkout, boot=True), sink=ignore)


def test_an_image_that_is_not_there(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    with pytest.raises(BadInputError, match="no image 'storage'"):
        run_demo(replace(order(checkout), image="storage"), sink=ignore)


def test_a_stale_lock_of_the_checkout_is_told(checkout: Checkout, worker: FakeWorker) -> None:
    checkout.change("modules/slurm/recipe.yaml", "[slurmd, munge]", "[slurmd, munge, pmix]")
    with pytest.raises(BadInputError, match="it is stale"):
        demo(checkout)
    assert worker.built == []


def test_image_json_in_the_directory_is_what_the_demo_answers(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    made = demo(checkout)
    about = json.loads((made.directory / "image.json").read_text())
    assert about == made.image.model_dump(mode="json")
    assert {one["name"] for one in about["image"]["modules"]} == set(EVERY)
