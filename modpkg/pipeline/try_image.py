"""Boots an image that is built, and holds the node to what its modules promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.node.boot import BootOptions, boot_image, read_image, require_healthy
from modpkg.pipeline.make_image import find_image

if TYPE_CHECKING:
    from modpkg.events import Sink
    from modpkg.node.report import BootReport
    from modpkg.pipeline.workplace import Workplace


def try_image(name: str, *, workplace: Workplace, options: BootOptions, sink: Sink) -> BootReport:
    """Boot the newest image of that name; raises ModpkgError when a test or an unexpected unit fails."""
    directory = find_image(workplace, name)
    about = read_image(directory)
    report = boot_image(directory, options=options, work=workplace.boot(about.name), sink=sink)
    require_healthy(report, about)
    return report
