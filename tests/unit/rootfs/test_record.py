from pathlib import Path

from modpkg.model.module import LowerModule, Module, ModuleTest, State
from modpkg.rootfs.record import module_of
from tests.support.checkout import package
from tests.support.jobs import make_job
from tests.support.stack import EPOCH, make_fragment, make_module

STATE = State(lines={"etc/passwd": ("munge:x:301:301::/:/bin/sh",)})
PATHS = {"usr/bin/slurmd": "file 0755 0 0 1 " + "2" * 64}
FRAGMENT = make_fragment("slurm")


def made(work: Path, **fields: object) -> Module:
    job = make_job(work, **fields)  # type: ignore[arg-type]
    return module_of(job, [], fragment=FRAGMENT, state=STATE, paths=PATHS, kernel=None)


def test_a_module_is_what_job_and_build_say(tmp_path: Path) -> None:
    module = made(tmp_path, marks=("fast",))
    assert (module.name, module.version, module.platform, module.architecture) == (
        *("slurm", "22.5.8-2", "bookworm", "amd64"),
    )
    assert (module.source_date_epoch, module.inputs, module.marks) == (EPOCH, "1" * 64, ("fast",))
    assert (module.fragment, module.state, module.paths) == (FRAGMENT, STATE, PATHS)
    assert [entry.version for entry in module.changelog] == ["12.0.0-1"]


def test_it_has_what_the_recipe_says_of_it(tmp_path: Path) -> None:
    recipe = {
        "summary": "A summary",
        "description": "A description",
        "license": "MIT",
        "homepage": "https://a.example",
        "maintainer": "B <b@example.org>",
        "conflicts": ("slurm-22",),
        "provides": ("scheduler",),
        "replaces": ("/etc/x",),
        "initramfs_modules": ("loop",),
        "waits_for_site": ("munge.service",),
        "test": ({"name": "t", "run": "true", "stdout": "x"}, {"name": "u", "run": "false"}),
    }
    module = made(tmp_path, recipe=recipe)
    kept = {name: getattr(module, name) for name in recipe if name != "test"}
    assert kept == {name: value for name, value in recipe.items() if name != "test"}
    assert module.tests == (
        ModuleTest(name="t", run="true", stdout="x"),
        ModuleTest(name="u", run="false"),
    )


def test_packages_are_sorted_and_have_their_sources(tmp_path: Path) -> None:
    packages = (package("slurmd", "22.5", source="slurm-wlm", source_version="22"), package("munge"))
    module = made(tmp_path, packages=packages)
    assert [one.name for one in module.packages] == ["munge", "slurmd"]
    slurmd = module.packages[1]
    assert (slurmd.version, slurmd.source, slurmd.source_version) == ("22.5", "slurm-wlm", "22")
    assert slurmd.sha256 == packages[0].sha256


def test_the_order_of_packages_in_the_job_does_not_matter(tmp_path: Path) -> None:
    one, other = package("a1"), package("b1")
    assert made(tmp_path, packages=(one, other)) == made(tmp_path, packages=(other, one))


def test_it_names_exactly_what_it_was_built_on(tmp_path: Path) -> None:
    below = [make_module("core"), make_module("kernel", version="6.1.0-3")]
    module = module_of(make_job(tmp_path), below, fragment=FRAGMENT, state=STATE, paths={}, kernel="6.1.0")
    assert module.depends == tuple(
        LowerModule(name=one.name, version=one.version, fragment=one.fragment.sha256) for one in below
    )
    assert module.kernel == "6.1.0"


def test_nothing_of_the_machine_is_in_it(tmp_path: Path) -> None:
    one, other = made(tmp_path / "one"), made(tmp_path / "two", recipe_path=Path("/elsewhere/recipe.yaml"))
    assert one == other
    assert str(tmp_path) not in one.model_dump_json()
