import json
from pathlib import Path

from modpkg.cli.render import to_data, to_text
from modpkg.cli.results import images as results
from modpkg.model.image import Image, ImageDirectory, ImageFile, ImageModule
from modpkg.model.lock import ImageLock, LockedModule
from modpkg.node import report as node_report
from modpkg.pipeline.lock_image import LockedImage

DIGEST = "ab" * 32
ABOUT = ImageDirectory(
    name="compute",
    image=Image(
        version="12.0.3-67.cbdppkwfzz",
        platform="bookworm",
        architecture="amd64",
        modules=(ImageModule(name="core", version="12.0.3-41", fragment=DIGEST, size=44_000_000),),
    ),
    kernel="6.1.0-42-amd64",
    kernel_arguments=(),
    files={"root.squashfs": ImageFile(size=60_000_000, sha256=DIGEST)},
    waits_for_site=("munge.service",),
    tests={},
)


def test_an_image_shows_its_files_with_sizes() -> None:
    result = results.image_result(Path("/build/images/x"), ABOUT)
    lines = to_text(result).splitlines()
    assert "version:      12.0.3-67.cbdppkwfzz" in lines
    assert "  root.squashfs  60.0 MB  abababababab" in lines
    assert json.dumps(to_data(result))


def test_a_boot_tells_what_failed_and_when_what_was_done() -> None:
    report = node_report.BootReport(
        multi_user_seconds=21.5,
        failed_units=("munge.service",),
        tests=(
            node_report.TestResult(module="core", name="ssh", ok=True, seconds=0.2, output="", reason=""),
            node_report.TestResult(
                module="slurm", name="slurmd", ok=False, seconds=1.0, output="no", reason="status 1"
            ),
        ),
        timeline=((2.0, "kernel"), (9.5, "fetch")),
        console=Path("/build/boot/console.log"),
        memory_mb=310,
        audit="",
        startup="",
    )
    result = results.boot_result(ABOUT, report)
    assert result.waits_for_site == ("munge.service",)
    assert [test.result for test in result.tests] == ["ok", "status 1"]
    assert to_data(result)["timeline"] == [
        {"stage": "kernel", "seconds": 2.0},
        {"stage": "fetch", "seconds": 9.5},
    ]
    assert "multi user seconds: 21.5 s" in to_text(result)


def test_a_lock_of_an_image_tells_what_changed_and_what_was_held_back() -> None:
    locked = LockedModule(
        name="core",
        version="12.0.3-41",
        deb_sha256=DIGEST,
        deb_path="pool/core.deb",
        fragment_sha256=DIGEST,
        fragment_size=44_000_000,
    )
    lock = ImageLock(
        name="compute",
        platform="bookworm",
        architecture="amd64",
        channel="testing",
        snapshot=DIGEST,
        manifest=DIGEST,
        version="12.0.3-67.cbdppkwfzz",
        modules=(locked,),
    )
    image = LockedImage(
        lock=lock, path=Path("/r/compute.lock"), changes=("core: new -> 12.0.3-41",), held_back=()
    )
    lines = to_text(results.image_lock_result(image)).splitlines()
    assert "version: 12.0.3-67.cbdppkwfzz" in lines
    assert "  core: new -> 12.0.3-41" in lines
    assert lines[-2:] == ["held back:", "  none"]
