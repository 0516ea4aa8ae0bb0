"""The built modules of a platform to a channel of the repository below the work directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.formats.catalogue import order
from modpkg.pipeline.build_modules import build_modules
from modpkg.pipeline.plan import plan_builds
from modpkg.pipeline.publish import Published, PublishPlan, Target, plan, publish
from modpkg.pipeline.signing import find_signer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.pipeline.workshop import Workshop


def packages_of(workshop: Workshop, module: str | None, *, sink: Sink) -> list[Path]:
    """Give the packages of one module, or of all; raises BadInputError for those that are not built."""
    names = [module] if module else order(workshop.catalogue, workshop.platform.name)
    steps = plan_builds(workshop, names)
    missing = [step.module for step in steps if not step.done]
    if missing:
        raise BadInputError(
            f"cannot publish {', '.join(missing)}: not built, or changed since",
            hint=f"invoke build-module {missing[0]}" if len(missing) == 1 else "invoke build-all",
        )
    built = build_modules(workshop, names, sink=sink)
    return [path for one in built if one.module.name in names for path in (one.deb, one.rpm)]


def plan_publication(packages: Sequence[Path], *, target: Target, now: int) -> PublishPlan:
    """Tell what a publication would do."""
    target.check()
    return plan(packages, target=target, now=now)


def publish_packages(
    packages: Sequence[Path], *, target: Target, home: Path, now: int, sink: Sink
) -> Published:
    """Publish with the repository's key, from the directory of gpg `home`; one is made if there is none."""
    signer = find_signer(target.document, home=home, sink=sink)
    return publish(packages, target=target, signer=signer, now=now, sink=sink)
