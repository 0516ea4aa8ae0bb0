from pathlib import Path

from modpkg.cli.render import to_data
from modpkg.cli.results import modules as results
from modpkg.formats.catalogue import load_catalogue
from modpkg.model.lock import LockedPackage, PlatformLock
from modpkg.model.module import ModuleTest, State
from modpkg.pipeline.build_modules import BuiltModule
from modpkg.pipeline.inputs import Inputs
from modpkg.pipeline.lock_platform import Change, Locked
from modpkg.pipeline.plan import Step
from modpkg.pipeline.release_module import Released
from tests.support.stack import lower, make_module

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


def built(*, was_built: bool) -> BuiltModule:
    user = "munge:x:301:301::/nonexistent:/usr/sbin/nologin"
    module = make_module(
        "slurm",
        marks=("unreleased",),
        depends=(lower(make_module("core")),),
        state=State(lines={"etc/passwd": (user,), "etc/group": ("munge:x:301:",)}),
        tests=(ModuleTest(name="slurmd runs", run="slurmd -V"),),
        paths={"usr/bin/slurmd": "file 0755 0 0 1 " + DIGEST},
    )
    return BuiltModule(
        module=module,
        module_path=Path("/s/m"),
        deb=Path("/b/slurm.deb"),
        rpm=Path("/b/slurm.rpm"),
        was_built=was_built,
        reason="the recipe changed",
        seconds=2.5,
        cpu_seconds=1.5,
    )


def test_what_was_built_is_told_with_the_time_it_took() -> None:
    data = to_data(results.build_result([built(was_built=True)]))
    assert data["steps"] == [
        {"name": "build slurm", "seconds": 2.5, "cpu_seconds": 1.5, "reason": "the recipe changed"}
    ]
    assert data["modules"] == [
        {
            "name": "slurm",
            "version": "12.0.0-1",
            "packages": 0,
            "fragment_sha256": "736c75726d".ljust(64, "0"),
            "fragment_bytes": 4096,
            "uncompressed_bytes": 8192,
            "marks": ["unreleased"],
            "deb": "/b/slurm.deb",
            "rpm": "/b/slurm.rpm",
        }
    ]


def test_a_module_is_told_with_what_it_lies_on_and_its_accounts() -> None:
    result = results.module_result(built(was_built=True).module, paths=False)
    assert result.lies_on == ("core 12.0.0-1",)
    assert result.accounts == ("munge:301",)
    assert result.tests == ("slurmd runs",)
    assert result.paths is None


def test_paths_are_told_only_if_asked_for() -> None:
    result = results.module_result(built(was_built=True).module, paths=True)
    assert result.paths is not None
    assert list(result.paths) == ["usr/bin/slurmd"]


def test_a_module_without_accounts_has_none() -> None:
    assert results.module_result(make_module("core"), paths=False).accounts == ()


def test_releases_are_told_with_old_and_new_version() -> None:
    released = Released(module="core", old="12.0.3-1", new="12.0.3-2", changelog=Path("/r/changelog.yaml"))
    assert to_data(results.ReleaseResult(released=(released,))) == {
        "released": [
            {"module": "core", "old": "12.0.3-1", "new": "12.0.3-2", "changelog": "/r/changelog.yaml"}
        ]
    }
