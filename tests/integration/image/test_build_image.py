"""Modules in a store to an image directory, and what a second run does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Event, StepFinished, StepSkipped, ignore
from modpkg.formats.canonical import read_record
from modpkg.host.run import run
from modpkg.image.job import Ways
from modpkg.model.image import ImageDirectory
from modpkg.pipeline.build_image import build_image, plan_image
from modpkg.store.store import Store
from tests.support import image_of_stack
from tests.support.directories import FILES
from tests.support.image_of_stack import stored
from tests.support.small_stack import NAMES, RELEASE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.programs
MANIFEST = image_of_stack.MANIFEST.model_copy(update={"kernel_arguments": ("quiet",)})


def test_an_image_directory_is_whole_and_a_second_run_leaves_it_alone(stack: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    modules = stored(stack, store)
    plan = plan_image(MANIFEST, modules, images=tmp_path / "images")
    (tmp_path / "images" / f".{plan.directory.name}.killed").mkdir(parents=True)
    events: list[Event] = []
    record = build_image(plan, store=store, sink=events.append)
    assert any(isinstance(event, StepFinished) and event.reason == plan.reason for event in events)

    directory = plan.directory
    modes = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    assert modes == {**dict.fromkeys(FILES, 0o644), "boot.sh": 0o755}
    run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=directory)
    assert read_record(directory / "image.json", ImageDirectory) == record
    assert (record.kernel, record.kernel_arguments) == (RELEASE, ("quiet",))
    assert record.waits_for_site == ("munge.service",)
    assert list((tmp_path / "images").iterdir()) == [directory]
    assert not any((tmp_path / "store/scratch").iterdir())

    again = plan_image(MANIFEST, modules[::-1], images=tmp_path / "images")
    assert again.reason == ""
    # The older plan still has its reason, as that of a process that waited for this one.
    for each in (again, plan):
        events.clear()
        assert build_image(each, store=store, sink=events.append) == record
        assert [type(event) for event in events] == [StepSkipped]


def test_nothing_is_left_where_a_build_failed(stack: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    modules = stored(stack, store)
    plan = plan_image(MANIFEST, [m for m in modules if m.name != "kernel"], images=tmp_path / "images")
    with pytest.raises(ModpkgError, match="without a kernel"):
        build_image(plan, store=store, sink=ignore)
    assert not (tmp_path / "images").exists()
    assert not any((tmp_path / "store/scratch").iterdir())


def test_a_layered_image_has_the_modules_as_they_are(stack: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    manifest = MANIFEST.model_copy(update={"layout": "layered"})
    modules = stored(stack, store)
    plan = plan_image(manifest, modules, images=tmp_path / "images")
    record = build_image(plan, store=store, sink=ignore)
    directory = plan.directory
    layers = [*(f"{place:02}-{name}.squashfs" for place, name in enumerate(NAMES)), "04-glue.squashfs"]
    assert record.layers == tuple(layers)
    assert (record.layout, "root.squashfs" in record.files) == ("layered", False)
    lines = (directory / "layers").read_text().splitlines()
    assert [line.split("  ")[1] for line in lines] == layers
    run(["sha256sum", "--check", "--strict", "layers", "SHA256SUMS"], cwd=directory)
    for name, module in zip(layers, modules, strict=False):
        assert (directory / name).samefile(store.path(module.fragment.sha256))
        assert (directory / name).stat().st_mode & 0o777 == 0o444
    assert record.arguments[1:] == ("modpkg.layers=layers", f"modpkg.sha256={record.files['layers'].sha256}")
    assert plan_image(manifest, modules, images=tmp_path / "images").reason == ""


def test_another_layout_or_way_is_a_reason_to_build_again(stack: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    modules = stored(stack, store)
    flat = build_image(plan_image(MANIFEST, modules, images=tmp_path / "images"), store=store, sink=ignore)
    layered = MANIFEST.model_copy(update={"layout": "layered"})
    assert plan_image(layered, modules, images=tmp_path / "images").reason == "it is flat"
    again = plan_image(
        MANIFEST, modules, images=tmp_path / "images", ways=Ways(merge="recompress", verify="full")
    )
    assert again.reason == "it was made by splice"
    recompressed = build_image(again, store=store, sink=ignore)
    assert recompressed.files["initrd"] == flat.files["initrd"]
    assert recompressed.files["root.squashfs"] != flat.files["root.squashfs"]
    back = plan_image(MANIFEST, modules, images=tmp_path / "images")
    assert build_image(back, store=store, sink=ignore) == flat
