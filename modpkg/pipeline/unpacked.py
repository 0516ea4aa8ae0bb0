"""Fragments as directories, for builds and images that lie on them; each is unpacked once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.model.document import Record
from modpkg.pipeline.apart import call

if TYPE_CHECKING:
    from modpkg.events import Sink
    from modpkg.host.namespaces import Mode
    from modpkg.store.store import Store


class UnpackJob(Record):
    """A fragment to unpack into `directory`, by way of `scratch`; neither exists yet."""

    fragment: Path
    scratch: Path
    directory: Path


def unpacked_tree(store: Store, fragment: str, *, mode: Mode, sink: Sink) -> Path:
    """Give the directory that holds the fragment of this digest, unpacked now if it was not."""
    tree = store.tree(mode, fragment)
    if tree.exists():
        return tree
    with store.lock(f"tree-{mode}-{fragment}", sink=sink), store.scratch() as scratch:
        if not tree.exists():
            job = UnpackJob(fragment=store.path(fragment), scratch=scratch / "tree", directory=tree)
            call("unpack", job, mode=mode, work=scratch, sink=sink)
    return tree
