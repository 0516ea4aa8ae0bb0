"""The built modules of a platform: which packages to publish, and what they were made from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.formats.catalogue import order
from modpkg.formats.relations import package_name
from modpkg.pipeline.build_modules import build_modules
from modpkg.pipeline.keep_inputs import Input, Inputs
from modpkg.pipeline.plan import plan_builds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.pipeline.workshop import Workshop


def packages_of(workshop: Workshop, module: str | None, *, sink: Sink) -> list[Path]:
    """Give the packages of one module with those it stands on, or of all.

    Raises BadInputError for those that are not built.
    """
    names = [module] if module else order(workshop.catalogue, workshop.platform.name)
    missing = [step.module for step in plan_builds(workshop, names) if not step.done]
    if missing:
        fast = [step.module for step in plan_builds(replace(workshop, fast=True), names) if step.done]
        reason = "built with --fast only" if set(missing) <= set(fast) else "not built, or changed since"
        raise BadInputError(
            f"cannot publish {', '.join(missing)}: {reason}",
            hint=f"invoke build-module {missing[-1]}" if len(missing) == 1 or module else "invoke build-all",
        )
    # A module without those it was built on could not be installed.
    return [path for one in build_modules(workshop, names, sink=sink) for path in (one.deb, one.rpm)]


def inputs_of(workshop: Workshop, packages: Sequence[Path], *, sink: Sink) -> Inputs:
    """Give the distribution packages that modules were made from; those that the store lost are fetched again."""
    from modpkg.pipeline.fetch_packages import fetch_packages  # noqa: PLC0415 - few publications keep them

    lock, platform, store = workshop.lock, workshop.platform, workshop.store
    by_package = {package_name(name, platform.name): name for name in lock.modules}
    debs = {path.name: by_package[path.name.partition("_")[0]] for path in packages if path.suffix == ".deb"}
    fetch_packages(lock, debs.values(), platform=platform, site=workshop.site, sink=sink)
    return {
        deb: tuple(
            Input(
                sha256=each.sha256,
                file_name=each.path.rpartition("/")[2],
                path=store.path(each.sha256),
            )
            for each in lock.modules[module]
        )
        for deb, module in debs.items()
    }
