import hashlib
from pathlib import Path
from typing import Any

import pytest

from modpkg.events import Event, StepSkipped
from modpkg.formats.canonical import canonical_json
from modpkg.image.finding import CheckError
from modpkg.image.identity import image_of
from modpkg.model.image import ImageDirectory, ImageFile
from modpkg.model.manifest import Manifest, ModulePin
from modpkg.model.module import State
from modpkg.pipeline.build_image import Plan, build_image, plan_image
from modpkg.store.store import Store
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
