import json
from pathlib import Path

from modpkg.cli import results
from modpkg.cli.render import to_data, to_text
from modpkg.formats.catalogue import load_catalogue
from modpkg.model.image import Image, ImageDirectory, ImageFile, ImageModule
from modpkg.model.lock import LockedPackage, PlatformLock
from modpkg.node import report as node_report
from modpkg.pipeline.lock_platform import Change, Locked

ROOT = Path(__file__).parents[3]
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
    waits_for_site=(),
    tests={},
)


def package(name: str, size: int) -> LockedPackage:
    return LockedPackage(
        name=name,
        version="1",
        architecture="amd64",
        source=name,
        source_version="1",
        mirror="debian",
        path=f"pool/{name}.deb",
        size=size,
        sha256=DIGEST,
    )


def test_a_lock_counts_a_package_of_two_modules_once() -> None:
    lock = PlatformLock(
        platform="bookworm",
        architecture="amd64",
        inputs=DIGEST,
        modules={
            "slurm": (package("libreadline8", 100), package("munge", 10)),
            "python": (package("libreadline8", 100),),
        },
    )
    change = Change(module="slurm", package="munge", kind="up", old="0.5", new="1")
    result = results.platform_lock_result(
        Locked(lock=lock, path=Path("/r/bookworm.lock"), changes=(change,), receipt=None)
    )
    assert (result.packages, result.download_bytes, result.is_written) == (2, 110, False)
    assert to_data(result)["changes"] == [
        {"module": "slurm", "package": "munge", "change": "up", "old": "0.5", "new": "1"}
    ]


def test_a_catalogue_is_told_by_names() -> None:
    result = results.catalogue_result(load_catalogue(ROOT / "recipes"))
    assert "core" in result.modules
    assert "bookworm" in result.platforms
    assert result.images == tuple(sorted(result.images))


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
    assert [test.result for test in result.tests] == ["ok", "status 1"]
    assert to_data(result)["timeline"] == [
        {"stage": "kernel", "seconds": 2.0},
        {"stage": "fetch", "seconds": 9.5},
    ]
    assert "multi user seconds: 21.5 s" in to_text(result)
