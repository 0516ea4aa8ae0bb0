"""Unpacked fragments, kept in the store: made once by (mapped) root, then used by every build above them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.pipeline.apart import call
from modpkg.pipeline.worker import UnpackJob

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.host import namespaces
    from modpkg.store.store import Store


def tree_of(sha256: str, *, store: Store, mode: namespaces.Mode, sink: Sink) -> Path:
    """Give the tree of a fragment that is in the store, unpacked now if it never was."""
    tree = store.tree(mode, sha256)
    if tree.is_dir():
        return tree
    with store.lock(f"tree-{mode}-{sha256}", sink=sink), store.scratch() as scratch:
        if not tree.is_dir():
            directory = scratch / "tree"
            job = UnpackJob(fragment=store.path(sha256), sha256=sha256, directory=directory)
            call("unpack", job, mode=mode, work=scratch, sink=sink)
            tree.parent.mkdir(parents=True, exist_ok=True)
            directory.rename(tree)
    return tree
