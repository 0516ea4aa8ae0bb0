"""Packages to a channel with the repository's own key. Reads no recipe, and loads nothing that reads one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.events import Sink, ignore
from modpkg.pipeline import signing
from modpkg.pipeline.publish import Published, plan, publish

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.pipeline.keep_inputs import Inputs
    from modpkg.pipeline.target import Target


def publish_packages(
    packages: Sequence[Path],
    *,
    target: Target,
    home: Path,
    now: int,
    inputs: Inputs | None = None,
    sink: Sink = ignore,
) -> Published:
    """Publish with the repository's key, from the directory of gpg `home`.

    A key is made if there is none, but not before all packages are found to be right.
    """
    target.check()
    signer = signing.existing_signer(target.document, home=home, sink=sink)
    if signer is None:
        plan(packages, target=target, now=now)
        signer = signing.find_signer(target.document, home=home, sink=sink)
    return publish(packages, target=target, signer=signer, now=now, inputs=inputs, sink=sink)
