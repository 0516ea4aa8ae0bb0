"""Publishes modules: what is not built is built first, then their packages go to a channel together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.pipeline.build_modules import build_modules
from modpkg.pipeline.plan import plan_builds
from modpkg.pipeline.publish import plan, publish
from modpkg.pipeline.signing import find_signer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.pipeline.build_modules import BuiltModule
    from modpkg.pipeline.publish import Published, PublishPlan, Target
    from modpkg.pipeline.workshop import Workshop


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishOrder:
    """Which modules to publish where. `gnupg` has the signing key; `now` is in seconds since 1970."""

    workshop: Workshop
    names: tuple[str, ...]
    target: Target
    gnupg: Path
    now: int


def plan_publication(order: PublishOrder, *, sink: Sink) -> tuple[tuple[str, ...], PublishPlan | None]:
    """Give the modules that have to be built first or, if there are none, what would be published."""
    order.target.check()
    to_build = tuple(step.module for step in plan_builds(order.workshop, order.names) if not step.done)
    if to_build:
        return to_build, None
    built = build_modules(order.workshop, order.names, sink=sink)
    return (), plan(_packages(built), target=order.target, now=order.now)


def publish_modules(order: PublishOrder, *, sink: Sink) -> Published:
    """Publish modules with all below them. Nothing is built when the channel's name is wrong."""
    order.target.check()
    built = build_modules(order.workshop, order.names, sink=sink)
    signer = find_signer(order.target.document, home=order.gnupg, sink=sink)
    return publish(_packages(built), target=order.target, signer=signer, now=order.now, sink=sink)


def _packages(built: Sequence[BuiltModule]) -> list[Path]:
    return [path for one in built for path in (one.deb, one.rpm)]
