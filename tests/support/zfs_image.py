"""The image of the module zfs and all below it, out of the store: its build takes minutes, so no test begins one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modpkg.events import ignore
from modpkg.model.manifest import Manifest, ModulePin
from modpkg.pipeline.build_image import build_image, plan_image
from modpkg.pipeline.plan import kept_of, plan_builds
from modpkg.pipeline.site import Site
from modpkg.pipeline.workshop import open_workshop

RECIPES = Path(__file__).parents[2] / "recipes"
MODULE = "zfs"


def zfs_image(directory: Path) -> Path:
    """Make the image below `directory` and give its own; skips where the store lacks one of its modules."""
    if os.geteuid() != 0:
        pytest.skip("the store's modules are those of root")
    workshop = open_workshop(RECIPES, platform="bookworm", site=Site.of(os.environ), work=directory)
    steps = plan_builds(workshop, [MODULE])
    if missing := [step.module for step in steps if not step.done]:
        pytest.skip(f"the store has no {', '.join(missing)} as they are now: invoke build-module {MODULE}")
    modules = [kept_of(workshop, step).module for step in steps]
    manifest = Manifest(
        name="pools",
        platform="bookworm",
        channel="testing",
        modules=tuple(ModulePin(name=one.name, version=one.version) for one in modules),
        drivers=(),
    )
    plan = plan_image(manifest, modules, images=directory)
    build_image(plan, store=workshop.store, sink=ignore)
    return plan.directory
