from pathlib import Path

from modpkg.model.platform import Platform
from modpkg.rootfs.job import BuildJob, Built, LowerTree
from tests.support.checkout import package
from tests.support.jobs import PLATFORM, make_job
from tests.support.stack import make_module


def test_a_job_survives_its_way_into_the_namespaces(tmp_path: Path) -> None:
    munge = package("munge", "1:0.5")
    job = make_job(
        tmp_path / "work",
        recipe={
            "accounts": ("munge",),
            "contents": ({"src": "a", "dst": "/etc/a", "file_info": {"mode": "0640"}},),
            "services": {"enable": ("munge.service",)},
            "packages": {"bookworm": ("munge",)},
            "test": ({"name": "t", "run": "true", "stdout": "x"},),
        },
        platform=Platform(**{**PLATFORM, "accounts": {"users": {"munge": 301}}}),
        packages=(munge,),
        files={munge.sha256: tmp_path / "munge.deb"},
        below=(LowerTree(module=make_module("core"), tree=tmp_path / "core"),),
        marks=("fast", "unreleased"),
    )
    assert BuildJob.model_validate_json(job.model_dump_json()) == job


def test_the_folder_of_a_job_is_that_of_its_recipe(tmp_path: Path) -> None:
    assert make_job(tmp_path).folder == Path("/r/modules/slurm")


def test_what_a_build_left_survives_its_way_out() -> None:
    built = Built(fragment=Path("/w/f"), module=Path("/w/m"), changes=Path("/w/c"))
    assert Built.model_validate(built.model_dump(mode="json")) == built
