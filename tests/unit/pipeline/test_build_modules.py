import json
from pathlib import Path

import pytest

from modpkg.deb.read import read_module
from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Event, StepFinished, StepSkipped, StepStarted, Warned, ignore
from modpkg.host.files import digest_file
from modpkg.pipeline.build_modules import BuiltModule, build_modules, read_built
from modpkg.pipeline.plan import kept_of, plan_builds
from modpkg.pipeline.workshop import Workshop
from tests.support.checkout import Checkout, fix_tools, package
from tests.support.fake_worker import FakeWorker, stock

EVERY = ["core", "kernel", "slurm"]
SUMMARY = "summary: The module slurm"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    fix_tools(monkeypatch)
    checkout = Checkout.made(tmp_path)
    stock(checkout.store, checkout.lock())
    return checkout


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    return FakeWorker.installed(monkeypatch)


def build(workshop: Workshop, *names: str, events: list[Event] | None = None) -> dict[str, BuiltModule]:
    sink = ignore if events is None else events.append
    return {one.module.name: one for one in build_modules(workshop, names or ["slurm"], sink=sink)}


def test_a_module_is_built_with_all_below_it_lower_ones_first(checkout: Checkout, worker: FakeWorker) -> None:
    built = build(checkout.workshop())
    assert worker.built == list(built) == EVERY
    assert all(one.was_built and one.reason == "it was never built here" for one in built.values())
    assert [one.module.version for one in built.values()] == ["12.0.3-1", "6.1.0-1", "22.5.8-2"]


def test_only_what_is_asked_for_is_built(checkout: Checkout, worker: FakeWorker) -> None:
    assert list(build(checkout.workshop(), "kernel")) == worker.built == ["core", "kernel"]


def test_the_job_has_all_that_a_build_needs(checkout: Checkout, worker: FakeWorker) -> None:
    workshop = checkout.workshop()
    build(workshop)
    job = worker.builds[-1]
    assert job.recipe == workshop.catalogue.recipes["slurm"].recipe
    assert job.recipe_path == checkout.path("modules/slurm/recipe.yaml")
    assert job.folder == checkout.path("modules/slurm")
    assert job.platform_path == checkout.path("platforms/bookworm.yaml")
    assert (job.version, job.level, job.marks) == ("22.5.8-2", 19, ("unreleased",))
    assert job.source_date_epoch == 1_717_243_200  # 2024-06-01T12:00:00Z, the newest entry
    assert [entry.version for entry in job.changelog] == ["22.5.8-2", "22.5.8-1"]
    assert {one.name for one in job.packages} == {"munge", "slurmd"}
    assert set(job.files) == {one.sha256 for one in job.packages}
    assert job.trees == checkout.store.trees("root")
    assert not job.work.exists()


def test_lower_modules_are_unpacked_once_and_given_in_their_order(
    checkout: Checkout, worker: FakeWorker
) -> None:
    built = build(checkout.workshop())
    below = worker.builds[-1].below
    assert [lower.module for lower in below] == [built["core"].module, built["kernel"].module]
    wanted = [built[name].module.fragment.sha256 for name in ("core", "kernel")]
    assert [lower.tree for lower in below] == [checkout.store.tree("root", sha256) for sha256 in wanted]
    assert len(worker.unpacked) == 2


def test_module_json_says_what_it_was_built_on(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    built = build(checkout.workshop())
    assert [(low.name, low.version, low.fragment) for low in built["slurm"].module.depends] == [
        (name, built[name].module.version, built[name].module.fragment.sha256) for name in ("core", "kernel")
    ]


def test_both_packages_hold_the_module(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    one = build(checkout.workshop())["slurm"]
    assert one.deb.parent == one.rpm.parent == checkout.root / "build/packages/bookworm"
    assert read_module(one.deb) == one.module
    assert (one.deb.name, one.rpm.name) == (
        "modpkg-module-slurm-bookworm_22.5.8-2_amd64.deb",
        "modpkg-module-slurm-bookworm-22.5.8-2.x86_64.rpm",
    )


def test_a_second_run_does_nothing_and_says_why(checkout: Checkout, worker: FakeWorker) -> None:
    first = build(checkout.workshop())
    before = {path: path.stat().st_mtime_ns for one in first.values() for path in (one.deb, one.rpm)}
    events: list[Event] = []
    second = build(checkout.workshop(), events=events)
    reason = "nothing changed since it was built"
    assert events == [StepSkipped(f"build {name}", reason) for name in EVERY]
    assert [(one.was_built, one.reason) for one in second.values()] == [(False, reason)] * 3
    assert worker.built == EVERY
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert [one.module for one in second.values()] == [one.module for one in first.values()]


def test_a_second_run_needs_neither_packages_nor_trees(checkout: Checkout, worker: FakeWorker) -> None:
    build(checkout.workshop())
    for packages in checkout.lock().modules.values():
        for one in packages:
            checkout.store.path(one.sha256).unlink()
    build(checkout.workshop())
    assert worker.built == EVERY


def test_steps_tell_their_reason_and_an_open_release_is_a_warning(
    checkout: Checkout, worker: FakeWorker
) -> None:
    del worker
    events: list[Event] = []
    build(checkout.workshop(), "core", events=events)
    started, finished, warned = events
    assert started == StepStarted("build core", "it was never built here")
    assert isinstance(finished, StepFinished)
    assert (finished.step, finished.reason) == ("build core", "it was never built here")
    assert warned == Warned(
        "core 12.0.3-1 is not released: its inputs differ from its changelog's",
        "invoke release-module core --message TEXT",
    )


def test_a_change_builds_what_depends_on_it_and_nothing_else(checkout: Checkout, worker: FakeWorker) -> None:
    build(checkout.workshop())
    checkout.change("modules/kernel/recipe.yaml", "summary: The module kernel", "summary: x")
    built = build(checkout.workshop())
    assert worker.built == [*EVERY, "kernel", "slurm"]
    assert [one.was_built for one in built.values()] == [False, True, True]
    assert built["slurm"].reason == "module kernel changed"


def test_going_back_finds_the_old_build_and_writes_its_packages(
    checkout: Checkout, worker: FakeWorker
) -> None:
    old = build(checkout.workshop())["slurm"]
    digest = digest_file(old.deb)
    checkout.change("modules/slurm/recipe.yaml", SUMMARY, "summary: x")
    assert digest_file(build(checkout.workshop())["slurm"].deb) != digest
    checkout.change("modules/slurm/recipe.yaml", "summary: x", SUMMARY)
    again = build(checkout.workshop())["slurm"]
    assert (again.was_built, digest_file(again.deb)) == (False, digest)
    assert worker.built == [*EVERY, "slurm"]


@pytest.mark.parametrize("kind", ["deb", "rpm"])
def test_a_package_that_is_gone_is_written_again_without_a_build(
    checkout: Checkout, worker: FakeWorker, kind: str
) -> None:
    path = getattr(build(checkout.workshop())["slurm"], kind)
    digest = digest_file(path)
    path.unlink()
    build(checkout.workshop())
    assert digest_file(path) == digest
    assert worker.built == EVERY


@pytest.mark.parametrize("kind", ["deb", "rpm"])
@pytest.mark.parametrize("cut", [0, -1])
def test_a_package_that_was_cut_is_written_again_without_a_build(
    checkout: Checkout, worker: FakeWorker, kind: str, cut: int
) -> None:
    path = getattr(build(checkout.workshop())["slurm"], kind)
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    build(checkout.workshop())
    assert path.read_bytes() == content
    assert worker.built == EVERY


def test_a_package_that_was_changed_is_written_again(checkout: Checkout, worker: FakeWorker) -> None:
    path = build(checkout.workshop())["slurm"].deb
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"?")
    build(checkout.workshop())
    assert path.read_bytes() == content
    assert worker.built == EVERY


@pytest.mark.parametrize("part", ["module", "fragment", "changes"])
@pytest.mark.parametrize("left", [0, 10])
def test_a_build_whose_blob_was_cut_is_done_again_and_the_blob_is_whole(
    checkout: Checkout, worker: FakeWorker, part: str, left: int
) -> None:
    build(checkout.workshop())
    store = checkout.store
    record = store.lookup(plan_builds(checkout.workshop(), ["slurm"])[-1].key)
    assert record is not None
    blob = store.path(record[part])
    content = blob.read_bytes()
    blob.chmod(0o644)
    blob.write_bytes(content[:left])
    assert build(checkout.workshop())["slurm"].was_built
    assert blob.read_bytes() == content
    assert worker.built == [*EVERY, "slurm"]


def test_what_vanishes_after_its_build_is_told_with_file_and_way_out(
    checkout: Checkout, worker: FakeWorker
) -> None:
    del worker
    workshop = checkout.workshop()
    (step,) = plan_builds(workshop, ["core"])
    with pytest.raises(ModpkgError) as caught:
        kept_of(workshop, step)
    record = checkout.store.root / "builds" / f"{step.key}.json"
    assert str(caught.value) == (
        f"{record}: cannot use what the store has of core 12.0.3-1: it was damaged while it was used\n"
        "  hint: look at the disk, remove that file, then: invoke build-module core"
    )


def test_a_fragment_that_the_disk_spoilt_is_never_packed(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    workshop = checkout.workshop()
    one = build(workshop)["slurm"]
    one.deb.unlink()
    fragment = workshop.store.path(one.module.fragment.sha256)
    content = bytearray(fragment.read_bytes())
    content[-1] ^= 1
    fragment.chmod(0o644)
    fragment.write_bytes(content)
    with pytest.raises(BadInputError, match="is not the fragment"):
        build(workshop)
    assert not one.deb.exists()


@pytest.mark.parametrize(
    "note", ["", "{", "{}", "[]", '{"key": 1, "files": []}', '{"key": "x", "files": ["a"]}']
)
def test_a_broken_note_about_packages_is_no_hindrance(
    checkout: Checkout, worker: FakeWorker, note: str
) -> None:
    one = build(checkout.workshop())["slurm"]
    digest = digest_file(one.deb)
    one.deb.unlink()
    (one.deb.parent / ".slurm.json").write_text(note)
    assert digest_file(build(checkout.workshop())["slurm"].deb) == digest
    assert json.loads((one.deb.parent / ".slurm.json").read_text())["files"] == [one.deb.name, one.rpm.name]
    assert worker.built == EVERY


@pytest.mark.parametrize("part", ["module", "fragment", "changes"])
def test_a_build_that_the_store_lost_in_part_is_done_again(
    checkout: Checkout, worker: FakeWorker, part: str
) -> None:
    workshop = checkout.workshop()
    kernel = build(workshop)["kernel"]
    record = next(
        found
        for path in (workshop.store.root / "builds").glob("[!l]*.json")
        if (found := json.loads(path.read_text()))["fragment"] == kernel.module.fragment.sha256
    )
    workshop.store.path(record[part]).unlink()
    events: list[Event] = []
    built = build(workshop, events=events)
    assert [name for name, one in built.items() if one.was_built] == ["kernel"]
    assert (
        StepStarted("build kernel", "what the store has of it is not whole, or of another modpkg") in events
    )
    assert worker.built == [*EVERY, "kernel"]


def test_a_fast_build_has_its_level_and_mark(checkout: Checkout, worker: FakeWorker) -> None:
    built = build(checkout.workshop(fast=True), "core")["core"]
    assert worker.builds[0].level == 3
    assert built.module.marks == ("fast", "unreleased")


def test_a_build_that_fails_leaves_no_record_and_is_tried_again(
    checkout: Checkout, worker: FakeWorker
) -> None:
    worker.error = ModpkgError("cannot install it")
    with pytest.raises(ModpkgError, match="cannot install it"):
        build(checkout.workshop())
    assert not list((checkout.store.root / "scratch").iterdir())
    worker.error = None
    assert all(one.was_built for one in build(checkout.workshop()).values())


def test_what_was_built_before_a_failure_stays_built(checkout: Checkout, worker: FakeWorker) -> None:
    build(checkout.workshop(), "kernel")
    worker.error = ModpkgError("cannot install it")
    with pytest.raises(ModpkgError):
        build(checkout.workshop())
    worker.error = None
    assert [one.was_built for one in build(checkout.workshop()).values()] == [False, False, True]


def test_packages_that_are_not_there_are_told_before_anything_is_built(
    checkout: Checkout, worker: FakeWorker
) -> None:
    lock = checkout.lock(slurm=(package("munge", "9.9"),))
    with pytest.raises(ModpkgError, match="munge_9"):
        build(checkout.workshop(lock=lock))
    assert worker.built == []


def test_a_module_is_shown_as_it_is_built(checkout: Checkout, worker: FakeWorker) -> None:
    del worker
    built = build(checkout.workshop())["slurm"]
    assert read_built(checkout.workshop(), "slurm") == built.module


def test_a_module_that_is_not_built_is_not_shown(checkout: Checkout, worker: FakeWorker) -> None:
    with pytest.raises(BadInputError) as caught:
        read_built(checkout.workshop(), "slurm")
    assert str(caught.value) == (
        "cannot show slurm: it was never built here\n  hint: invoke build-module slurm"
    )
    build(checkout.workshop())
    checkout.change("modules/slurm/recipe.yaml", SUMMARY, "summary: x")
    with pytest.raises(BadInputError, match="cannot show slurm: the recipe changed"):
        read_built(checkout.workshop(), "slurm")
    assert worker.built == EVERY
