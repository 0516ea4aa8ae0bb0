"""Modules in a store to an image directory, and what a second run does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Event, StepFinished, StepSkipped, ignore
from modpkg.formats.canonical import read_record
from modpkg.host.run import run
from modpkg.model.image import ImageDirectory
from modpkg.model.manifest import Manifest, ModulePin
from modpkg.model.module import Module
from modpkg.pipeline.build_image import build_image, plan_image
from modpkg.store.store import Store
from tests.support.directories import FILES
from tests.support.small_stack import NAMES, RELEASE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.programs
MANIFEST = Manifest(
    name="small",
    platform="bookworm",
    channel="testing",
    modules=tuple(ModulePin(name=name, version="~12.0") for name in NAMES),
    kernel_arguments=("quiet",),
)


def stored(stack: Path, store: Store) -> list[Module]:
    for name in NAMES:
        store.add(stack / f"{name}.squashfs")
    return [Module.model_validate_json((stack / f"{name}.json").read_bytes()) for name in NAMES]


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
