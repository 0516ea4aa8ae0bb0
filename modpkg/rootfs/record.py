"""Puts together module.json from what a build knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.model.module import Fragment, IncludedPackage, LowerModule, Module, ModuleTest, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.rootfs.job import BuildJob


def module_of(
    job: BuildJob,
    below: Sequence[Module],
    *,
    fragment: Fragment,
    state: State,
    paths: dict[str, str],
    kernel: str | None,
) -> Module:
    """Give the module that `job` built."""
    recipe = job.recipe
    return Module(
        name=recipe.name,
        version=job.version,
        platform=job.platform.name,
        architecture=job.platform.architecture,
        source_date_epoch=job.source_date_epoch,
        inputs=job.inputs,
        marks=job.marks,
        summary=recipe.summary,
        description=recipe.description,
        license=recipe.license,
        homepage=recipe.homepage,
        maintainer=recipe.maintainer,
        depends=tuple(LowerModule(name=m.name, version=m.version, fragment=m.fragment.sha256) for m in below),
        conflicts=recipe.conflicts,
        provides=recipe.provides,
        replaces=recipe.replaces,
        changelog=job.changelog,
        fragment=fragment,
        packages=_packages(job),
        kernel=kernel,
        initramfs_modules=recipe.initramfs_modules,
        waits_for_site=recipe.waits_for_site,
        tests=tuple(ModuleTest(name=t.name, run=t.run, stdout=t.stdout) for t in recipe.test),
        state=state,
        paths=paths,
    )


def _packages(job: BuildJob) -> tuple[IncludedPackage, ...]:
    return tuple(
        IncludedPackage(
            name=p.name,
            version=p.version,
            architecture=p.architecture,
            source=p.source,
            source_version=p.source_version,
            sha256=p.sha256,
        )
        for p in sorted(job.packages, key=lambda package: package.name)
    )
