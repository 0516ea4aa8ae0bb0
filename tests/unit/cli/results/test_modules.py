from pathlib import Path

from modpkg.cli.render import to_data
from modpkg.cli.results import modules as results
from modpkg.formats.catalogue import load_catalogue
from modpkg.model.lock import LockedPackage, PlatformLock
from modpkg.pipeline.inputs import Inputs
from modpkg.pipeline.lock_platform import Change, Locked
from modpkg.pipeline.plan import Step

ROOT = Path(__file__).parents[4]
DIGEST = "ab" * 32


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


def test_a_plan_tells_of_each_module_whether_and_why() -> None:
    step = Step(
        module="core",
        version="12.0.3-41",
        inputs=Inputs({}),
        marks=("unreleased",),
        level=19,
        key=DIGEST,
        done=False,
        reason="the recipe changed",
    )
    assert to_data(results.plan_result([step])) == {
        "modules": [
            {
                "name": "core",
                "version": "12.0.3-41",
                "to_build": True,
                "reason": "the recipe changed",
                "marks": ["unreleased"],
            }
        ]
    }
