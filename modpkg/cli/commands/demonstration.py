"""The demo: the whole way in one command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.repository_results import DemoResult


@command(
    helps={
        "image": "Image, as recipes/images names it.",
        "boot": "Boot the image in a virtual machine. --no-boot leaves that out.",
        "offline": "Use what the store has, and never the network.",
    }
)
def demo(session: Session, *, image: str = "compute", boot: bool = True, offline: bool = False) -> DemoResult:
    """From recipes to a node that boots: lock, modules, packages, repositories, image, boot.

    Example: modpkg demo --no-boot --output json
    """
    from modpkg.cli.repository_results import demo_result
    from modpkg.pipeline.demo import DemoOrder, check_order, run_demo
    from modpkg.pipeline.site import Site
    from modpkg.pipeline.workplace import Workplace

    order = DemoOrder(
        recipes=session.recipes,
        repository=session.repository,
        workplace=Workplace(session.work),
        site=Site.of(session.environment, offline=offline),
        now=session.now,
        image=image,
        boot=boot,
    )
    check_order(order)
    return demo_result(run_demo(order, sink=session.sink))
