"""Builds the image of the small stack. A program, so that a test can end it, or give it a disk of its own.

`python -m tests.support.image_of_stack STACK STORE IMAGES`: the modules of STACK, by way of STORE, to a directory
below IMAGES. Events go to standard output as JSON lines; an error is one line, and status 1 or 2.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.errors import ModpkgError, machine_error
from modpkg.events import Event, event_to_dict
from modpkg.model.manifest import Manifest, ModulePin
from modpkg.model.module import Module
from modpkg.pipeline.build_image import build_image, plan_image
from modpkg.store.store import Store
from tests.support.small_stack import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

MANIFEST = Manifest(
    name="small",
    platform="bookworm",
    channel="testing",
    modules=tuple(ModulePin(name=name, version="~12.0") for name in NAMES),
)


def stored(stack: Path, store: Store) -> list[Module]:
    """Put the fragments of the stack into a store that has none of them, and give its modules."""
    modules = [Module.model_validate_json((stack / f"{name}.json").read_bytes()) for name in NAMES]
    for module in modules:
        # A damaged one would be replaced.
        if not store.has(module.fragment.sha256):
            store.add(stack / f"{module.name}.squashfs")
    return modules


def say(event: Event) -> None:
    """Write an event."""
    sys.stdout.write(json.dumps(event_to_dict(event)) + "\n")
    sys.stdout.flush()


def main(argv: Sequence[str]) -> int:
    """Build the image and give the exit status."""
    stack, place, images = map(Path, argv)
    store = Store(place)
    try:
        plan = plan_image(MANIFEST, stored(stack, store), images=images)
        build_image(plan, store=store, sink=say)
    except (ModpkgError, OSError) as error:
        fault = machine_error(error) if isinstance(error, OSError) else error
        if fault is None:
            raise
        sys.stderr.write(f"error: {fault}\n")
        return fault.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
