"""Jobs for builds of a module, whole and valid with nothing said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modpkg.model.platform import Platform
from modpkg.model.recipe import Recipe
from modpkg.rootfs.job import BuildJob
from tests.support.stack import ENTRY, EPOCH

RECIPE: dict[str, Any] = {
    "name": "slurm",
    "version": "22.5.8",
    "summary": "Workload manager",
    "description": "Starts jobs.",
    "license": "GPL-2.0-or-later",
    "homepage": "https://slurm.example/",
    "maintainer": "Ann <ann@example.org>",
    "platforms": ("bookworm",),
}
PLATFORM: dict[str, Any] = {
    "name": "bookworm",
    "summary": "Debian 12",
    "package_manager": "apt",
    "architecture": "amd64",
    "keyring": "/usr/share/keyrings/debian-archive-keyring.gpg",
    "sources": ({"mirror": "debian", "suites": ("bookworm",), "components": ("main",)},),
    "squashfs": {"level": 19},
}


def make_job(work: Path, *, recipe: dict[str, Any] | None = None, **fields: Any) -> BuildJob:
    """Give a job that builds in `work`; `recipe` and `fields` replace what is known."""
    known: dict[str, Any] = {
        "recipe": Recipe(**{**RECIPE, **(recipe or {})}),
        "recipe_path": Path("/r/modules/slurm/recipe.yaml"),
        "platform": Platform(**PLATFORM),
        "platform_path": Path("/r/platforms/bookworm.yaml"),
        "version": "22.5.8-2",
        "source_date_epoch": EPOCH,
        "inputs": "1" * 64,
        "marks": (),
        "changelog": (ENTRY,),
        "packages": (),
        "files": {},
        "below": (),
        "level": 1,
        "work": work,
        "trees": work.parent / "trees",
    }
    return BuildJob(**{**known, **fields})
