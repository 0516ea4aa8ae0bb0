import hashlib
import stat
from pathlib import Path
from typing import Any

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Event, StepSkipped, ignore
from modpkg.formats.canonical import canonical_json
from modpkg.host.files import digest_file
from modpkg.image.budget import BudgetError
from modpkg.image.finding import CheckError
from modpkg.image.identity import image_of
from modpkg.model.image import ImageDirectory, ImageFile
from modpkg.model.manifest import Manifest, ModulePin
from modpkg.model.module import Module, ModuleTest, State
from modpkg.pipeline.build_image import Plan, build_image, plan_image
from modpkg.store.store import Store
from tests.support.directories import FILES, RECORDED
from tests.support.fake_worker import FakeWorker
from tests.support.site import parts, write_site
from tests.support.stack import lower, make_module, stanza

CORE = make_module("core")
KERNEL = make_module("kernel", kernel="6.1.0", depends=(lower(CORE),))


def manifest(**fields: Any) -> Manifest:
    pins = (ModulePin(name="core", version="~12"), ModulePin(name="kernel", version="~12"))
    return Manifest(name="minimal", platform="bookworm", channel="testing", modules=pins, **fields)


def built(images: Path, wish: Manifest) -> ImageDirectory:
    """Leave an image directory as a build does."""
    image = image_of([CORE, KERNEL])
    directory = images / f"minimal_{image.version}_amd64"
    directory.mkdir(parents=True)
    content = b"root"
    (directory / "root.squashfs").write_bytes(content)
    record = ImageDirectory(
        name="minimal",
        image=image,
        kernel="6.1.0",
        kernel_arguments=wish.kernel_arguments,
        files={"root.squashfs": ImageFile(size=4, sha256=hashlib.sha256(content).hexdigest())},
        waits_for_site=(),
        tests={},
    )
    (directory / "image.json").write_text(canonical_json(record))
    return record


def plan(images: Path, wish: Manifest) -> Plan:
    return plan_image(wish, [CORE, KERNEL], images=images)


def test_an_image_that_is_not_there_is_built(tmp_path: Path) -> None:
    found = plan(tmp_path, manifest())
    assert found.directory.name == f"minimal_{found.image.version}_amd64"
    assert found.reason == f"there is no {found.directory.name}"


def test_an_image_that_is_there_is_left_alone_and_that_is_said(tmp_path: Path) -> None:
    record = built(tmp_path, manifest())
    found = plan(tmp_path, manifest())
    assert found.reason == ""
    events: list[Event] = []
    assert build_image(found, store=Store(tmp_path / "store"), sink=events.append) == record
    assert events == [
        StepSkipped("build image minimal", f"{found.directory} has {found.image.version} already")
    ]


def test_an_epoch_stands_in_no_file_name(tmp_path: Path) -> None:
    assert plan(tmp_path, manifest(epoch=3)).directory == plan(tmp_path, manifest()).directory


def test_what_changed_is_the_reason(tmp_path: Path) -> None:
    wish = manifest()
    built(tmp_path, wish)
    directory = plan(tmp_path, wish).directory
    assert plan(tmp_path, manifest(kernel_arguments=("quiet",))).reason == "the kernel arguments changed"
    (directory / "root.squashfs").write_bytes(b"roo")
    assert plan(tmp_path, wish).reason == "root.squashfs is missing or was cut"
    (directory / "image.json").write_text("{")
    assert plan(tmp_path, wish).reason.startswith("its image.json cannot be read: ")


def test_other_content_under_the_same_versions_is_a_reason(tmp_path: Path) -> None:
    built(tmp_path, manifest())
    other = make_module("core", fragment=make_module("other").fragment)
    kernel = make_module("kernel", kernel="6.1.0", depends=(lower(other),))
    found = plan_image(manifest(), [other, kernel], images=tmp_path)
    assert found.reason == "it was made of other modules"


def test_modules_that_make_no_image_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    broken = make_module("kernel", state=State(stanzas=(stanza("a", depends="b"),)))
    with pytest.raises(CheckError, match="package a: needs b"):
        plan_image(manifest(), [CORE, broken], images=tmp_path / "images")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give a store with the fragments of both modules."""
    store = Store(tmp_path / "store")
    for module in MODULES:
        with store.scratch() as scratch:
            (scratch / "fragment").write_text(module.name)
            store.add(scratch / "fragment", sha256=module.fragment.sha256)
    return store


def stored(name: str, **fields: Any) -> Module:
    fragment = make_module(name).fragment.model_copy(
        update={"sha256": hashlib.sha256(name.encode()).hexdigest(), "level": 7}
    )
    return make_module(name, fragment=fragment, **fields)


STORED_CORE = stored("core", tests=(ModuleTest(name="ssh", run="sshd -t"),))
MODULES = (
    STORED_CORE,
    stored(
        "kernel",
        kernel="6.1.0",
        depends=(lower(STORED_CORE),),
        waits_for_site=("z.service", "a.service"),
    ),
)


def test_an_image_directory_is_made_whole(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = FakeWorker.installed(monkeypatch)
    wish = manifest(kernel_arguments=("quiet",))
    made = plan_image(wish, MODULES, images=tmp_path / "images")
    record = build_image(made, store=store, sink=ignore)
    names = {path.name for path in made.directory.iterdir()}
    assert names == FILES
    assert record.files.keys() == RECORDED
    assert (record.kernel, record.kernel_arguments) == ("6.1.0", ("quiet",))
    assert record.waits_for_site == ("a.service", "z.service")
    assert record.tests == {"core": (ModuleTest(name="ssh", run="sshd -t"),)}
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in made.directory.iterdir()}
    assert modes == {**dict.fromkeys(FILES, 0o644), "boot.sh": 0o755}
    (job,) = worker.assembled
    assert (job.level, job.block_size) == (7, 131072)
    assert len(job.layers) == len(worker.unpacked) == 2


def test_the_sums_are_those_that_sha256sum_checks(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeWorker.installed(monkeypatch)
    made = plan_image(manifest(), MODULES, images=tmp_path / "images")
    build_image(made, store=store, sink=ignore)
    lines = (made.directory / "SHA256SUMS").read_text().splitlines()
    sums = dict(reversed(line.split("  ")) for line in lines)
    assert list(sums) == sorted(sums)
    wanted = {path.name: digest_file(path) for path in made.directory.iterdir() if path.name != "SHA256SUMS"}
    assert sums == wanted


def test_a_second_build_finds_it(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = FakeWorker.installed(monkeypatch)
    made = plan_image(manifest(), MODULES, images=tmp_path / "images")
    record = build_image(made, store=store, sink=ignore)
    # The plan is of before: who waited for another process finds the work done.
    events: list[Event] = []
    assert build_image(made, store=store, sink=events.append) == record
    assert {type(event) for event in events} == {StepSkipped}
    assert len(worker.assembled) == 1


def test_what_a_killed_build_left_goes(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeWorker.installed(monkeypatch)
    made = plan_image(manifest(), MODULES, images=tmp_path / "images")
    left = made.directory.parent / f".{made.directory.name}.x7"
    (left / "half").mkdir(parents=True)
    build_image(made, store=store, sink=ignore)
    assert not left.exists()


def test_a_build_that_fails_leaves_no_directory(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = FakeWorker.installed(monkeypatch)
    worker.error = ModpkgError("cannot assemble it")
    made = plan_image(manifest(), MODULES, images=tmp_path / "images")
    with pytest.raises(ModpkgError, match="cannot assemble it"):
        build_image(made, store=store, sink=ignore)
    assert not made.directory.exists()
    assert list((store.root / "scratch").iterdir()) == []


def test_a_changed_image_takes_the_place_of_the_old_one(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeWorker.installed(monkeypatch)
    build_image(plan_image(manifest(), MODULES, images=tmp_path / "images"), store=store, sink=ignore)
    loud = manifest(kernel_arguments=("debug",))
    made = plan_image(loud, MODULES, images=tmp_path / "images")
    assert made.reason == "the kernel arguments changed"
    assert build_image(made, store=store, sink=ignore).kernel_arguments == ("debug",)
    assert [path.name for path in made.directory.parent.iterdir()] == [made.directory.name]


def site(recipes: Path, text: str) -> Any:
    write_site(recipes, {"minimal/etc/motd": text})
    return parts(recipes)


def test_a_site_layer_is_made_beside_the_root_and_names_the_directory(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = FakeWorker.installed(monkeypatch)
    images = tmp_path / "images"
    made = plan_image(manifest(), MODULES, images=images, site=site(tmp_path, "one"))
    plain = plan_image(manifest(), MODULES, images=images)
    assert made.site is not None
    assert made.directory.name == f"{plain.directory.name}_site-{made.site.mark.fingerprint}"
    record = build_image(made, store=store, sink=ignore)
    assert record.site == made.site.mark
    assert record.image == plain.image
    (job,) = worker.sites
    assert job.layer == made.site
    assert (made.directory / "site.squashfs").stat().st_mode & 0o777 == 0o600
    assert plan_image(manifest(), MODULES, images=images, site=site(tmp_path, "one")).reason == ""
    assert plain.reason == f"there is no {plain.directory.name}"
    other = plan_image(manifest(), MODULES, images=images, site=site(tmp_path, "two"))
    assert other.reason == f"there is no {other.directory.name}"
    assert other.directory != made.directory


def test_an_efi_program_that_is_missing_is_a_reason(tmp_path: Path) -> None:
    built(tmp_path, manifest())
    for asked in (
        plan_image(manifest(), [CORE, KERNEL], images=tmp_path, uki=True),
        plan(tmp_path, manifest(uki=True)),
    ):
        assert (asked.uki, asked.reason) == (True, "there is no EFI program in it")


def test_without_the_stub_nothing_is_begun(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = FakeWorker.installed(monkeypatch)
    monkeypatch.setattr("modpkg.image.uki.STUBS", {"amd64": tmp_path / "stub"})
    made = plan_image(manifest(), MODULES, images=tmp_path / "images", uki=True)
    with pytest.raises(ModpkgError, match="cannot find the EFI stub"):
        build_image(made, store=store, sink=ignore)
    assert worker.assembled == []


def test_an_image_over_its_budget_is_not_put_in_place(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeWorker.installed(monkeypatch)
    made = plan_image(manifest(size_budget="0.001 kB"), MODULES, images=tmp_path / "images")
    with pytest.raises(BudgetError, match=r"more than its size-budget of 0\.0 MB"):
        build_image(made, store=store, sink=ignore)
    assert not made.directory.exists()


def test_a_budget_that_was_lowered_fails_an_image_that_is_there(tmp_path: Path) -> None:
    built(tmp_path, manifest())
    found = plan(tmp_path, manifest(size_budget="0.003 kB"))
    assert found.reason == ""
    with pytest.raises(BudgetError):
        build_image(found, store=Store(tmp_path / "store"), sink=ignore)
    enough = plan(tmp_path, manifest(size_budget="0.004 kB"))
    build_image(enough, store=Store(tmp_path / "store"), sink=ignore)
