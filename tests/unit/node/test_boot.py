"""What surrounds a boot: the image directory, the kernel's arguments, the errors."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.model.image import Image, ImageDirectory, ImageFile, SiteMark
from modpkg.node.boot import (
    BootOptions,
    kernel_arguments,
    read_image,
    reason_of,
    require_healthy,
    require_possible,
)
from modpkg.node.machine import Ended
from modpkg.node.report import BootReport
from modpkg.node.report import TestResult as Result  # a name that pytest does not take for its own

FILES = ("initrd", "root.squashfs", "vmlinuz")


@pytest.fixture
def about() -> ImageDirectory:
    files = {
        name: ImageFile(size=len(name), sha256=hashlib.sha256(name.encode()).hexdigest()) for name in FILES
    }
    return ImageDirectory(
        name="compute",
        image=Image(version="12.0.3-67.cb", platform="bookworm", architecture="amd64", modules=()),
        kernel="6.1.0",
        kernel_arguments=("mitigations=off",),
        files=files,
        waits_for_site=("munge.service",),
        tests={},
    )


@pytest.fixture
def image(tmp_path: Path, about: ImageDirectory) -> Path:
    for name in FILES:
        (tmp_path / name).write_text(name)
    (tmp_path / "image.json").write_text(about.model_dump_json())
    return tmp_path


@pytest.fixture
def healthy(tmp_path: Path) -> BootReport:
    (tmp_path / "console.log").write_text("vm login:\n")
    return BootReport(
        multi_user_seconds=20.0,
        failed_units=(),
        tests=(),
        timeline=(),
        console=tmp_path / "console.log",
        memory_mb=300,
        audit="",
        startup="",
    )


def ended(console: str, *, timed_out: bool = False, status: int = 0) -> Ended:
    return Ended(timed_out=timed_out, status=status, console=console, answers="")


def test_an_image_directory_is_read_and_its_files_are_compared(image: Path, about: ImageDirectory) -> None:
    assert read_image(image) == about


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_changed_is_not_booted(image: Path, name: str) -> None:
    (image / name).write_text("other")
    with pytest.raises(BadInputError, match=f"{name} has sha256"):
        read_image(image)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_is_named(image: Path, name: str) -> None:
    (image / name).unlink()
    with pytest.raises(BadInputError, match=f"{name} is missing"):
        read_image(image)


def test_a_directory_that_is_no_image_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="not an image directory"):
        read_image(tmp_path)


def test_an_image_json_of_another_kind_is_an_error(image: Path) -> None:
    (image / "image.json").write_text('{"name": "x"}')
    with pytest.raises(BadInputError) as caught:
        read_image(image)
    assert caught.value.what == "cannot use the file: image: is missing"
    assert str(image / "image.json") == caught.value.where


def test_a_directory_in_the_place_of_image_json_is_an_error(image: Path) -> None:
    (image / "image.json").unlink()
    (image / "image.json").mkdir()
    with pytest.raises(BadInputError, match="cannot read the file: Is a directory"):
        read_image(image)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (BootOptions(memory_mb=-5), "--memory-mb"),
        (BootOptions(memory_mb=64), "--memory-mb"),
        (BootOptions(memory_mb=1 << 30), "--memory-mb"),
        (BootOptions(cpus=0), "--cpus"),
        (BootOptions(cpus=10_000), "--cpus"),
        (BootOptions(timeout_seconds=0), "--timeout"),
        (BootOptions(accel="hvf"), "--accel"),
    ],
)
def test_a_machine_that_cannot_be_is_refused_by_its_option(options: BootOptions, option: str) -> None:
    with pytest.raises(BadInputError) as caught:
        require_possible(options)
    assert caught.value.where == option
    assert caught.value.hint


@pytest.mark.parametrize("options", [BootOptions(), BootOptions(memory_mb=128, cpus=255, accel="kvm")])
def test_a_machine_that_can_be_is_not(options: BootOptions) -> None:
    require_possible(options)


def test_the_node_is_told_where_its_image_is_and_what_it_must_be(about: ImageDirectory) -> None:
    arguments = kernel_arguments(about, address="http://10.0.2.2:8", check_sha256="ab")
    assert arguments[0] == "mitigations=off"
    assert "modpkg.image=http://10.0.2.2:8/root.squashfs" in arguments
    assert f"modpkg.sha256={about.files['root.squashfs'].sha256}" in arguments
    assert {"modpkg.check=http://10.0.2.2:8/check.sh", "modpkg.check-sha256=ab"} <= set(arguments)


@pytest.fixture
def sited(tmp_path: Path, image: Path, about: ImageDirectory) -> ImageDirectory:
    """Give what is known of an image that has a site layer too."""
    del image
    (tmp_path / "site.squashfs").write_text("site")
    file = ImageFile(size=4, sha256=hashlib.sha256(b"site").hexdigest())
    mark = SiteMark(digest="cd" * 32, fingerprint="bcdfghjklm")
    known = about.model_copy(update={"files": {**about.files, "site.squashfs": file}, "site": mark})
    (tmp_path / "image.json").write_text(known.model_dump_json())
    return known


def test_a_node_is_told_of_the_site_layer(sited: ImageDirectory, about: ImageDirectory) -> None:
    arguments = kernel_arguments(sited, address="http://10.0.2.2:8", check_sha256="ab")
    words = {
        "modpkg.site=http://10.0.2.2:8/site.squashfs",
        f"modpkg.site-sha256={sited.files['site.squashfs'].sha256}",
    }
    assert words <= set(arguments)
    plain = kernel_arguments(about, address="http://10.0.2.2:8", check_sha256="ab")
    assert set(arguments) - set(plain) == words


def test_a_site_layer_that_was_changed_or_is_missing_is_not_booted(
    tmp_path: Path, sited: ImageDirectory
) -> None:
    assert read_image(tmp_path) == sited
    (tmp_path / "site.squashfs").write_text("else")
    with pytest.raises(BadInputError, match=r"site\.squashfs has sha256"):
        read_image(tmp_path)
    (tmp_path / "site.squashfs").unlink()
    with pytest.raises(BadInputError, match=r"site\.squashfs is missing"):
        read_image(tmp_path)


def test_a_healthy_node_is_accepted(healthy: BootReport, about: ImageDirectory) -> None:
    require_healthy(healthy, about)


def test_a_unit_that_waits_for_the_site_may_fail(healthy: BootReport, about: ImageDirectory) -> None:
    require_healthy(replace(healthy, failed_units=("munge.service",)), about)


def test_all_faults_of_a_node_are_named_at_once(healthy: BootReport, about: ImageDirectory) -> None:
    bad = Result(
        module="slurm", name="runs", ok=False, seconds=1, output="no\nway", reason="it ended with status 1"
    )
    good = replace(bad, name="else", ok=True, reason="")
    sick = replace(
        healthy, tests=(bad, good), failed_units=("a.service", "munge.service"), audit="half-configured: x"
    )
    with pytest.raises(ModpkgError) as caught:
        require_healthy(sick, about)
    assert caught.value.what == (
        "cannot accept compute 12.0.3-67.cb: 3 faults in the booted node\n"
        "  test slurm/runs: it ended with status 1\n    no\n    way\n"
        "  unit a.service failed\n"
        "  dpkg --audit says:\n    half-configured: x\n"
        "  the console ends:\n    vm login:"
    )


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        (
            ended("modpkg: 6.87 verify failed the image's sha256 is 1"),
            "verify failed: the image's sha256 is 1",
        ),
        (ended("[ 2.1] Kernel panic - not syncing: VFS"), "[ 2.1] Kernel panic - not syncing: VFS"),
        (ended("", timed_out=True, status=-15), "its time was over before it told of 'slurm/runs'"),
        (ended("qemu: no such device", status=1), "the machine ended with status 1"),
        (ended("vm login:"), "it ended before it told of 'slurm/runs'"),
    ],
)
def test_the_reason_is_the_nearest_to_the_cause(machine: Ended, reason: str) -> None:
    assert reason_of(machine, missing=("slurm/runs", "end")) == reason


@pytest.fixture
def layered(tmp_path: Path, about: ImageDirectory) -> Path:
    """Give the directory of a layered image."""
    names = ("00-core.squashfs", "01-glue.squashfs")
    for name in ("initrd", "vmlinuz", "layers", *names):
        (tmp_path / name).write_text(name)
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("layers", *names)}
    files = {name: ImageFile(size=len(name), sha256=digest) for name, digest in digests.items()}
    known = {name: about.files[name] for name in ("initrd", "vmlinuz")}
    changed = about.model_copy(update={"files": {**known, **files}, "layout": "layered", "layers": names})
    (tmp_path / "image.json").write_text(changed.model_dump_json())
    return tmp_path


def test_a_layered_image_needs_all_its_layers_and_no_root(layered: Path) -> None:
    assert read_image(layered).layers == ("00-core.squashfs", "01-glue.squashfs")
    (layered / "01-glue.squashfs").write_text("other")
    with pytest.raises(BadInputError, match=r"01-glue\.squashfs has sha256"):
        read_image(layered)


def test_a_node_is_told_of_the_list_of_layers(layered: Path) -> None:
    about = read_image(layered)
    arguments = kernel_arguments(about, address="http://a:1", check_sha256="0" * 64)
    assert "modpkg.layers=http://a:1/layers" in arguments
    assert f"modpkg.sha256={about.files['layers'].sha256}" in arguments
    assert not any(argument.startswith("modpkg.image=") for argument in arguments)
