"""The size budget of a manifest, held before an image is put in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.events import Sink, ignore
from modpkg.host.run import run
from modpkg.image.budget import BudgetError, owners_of, shares_of
from modpkg.model.size import parse_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from modpkg.model.manifest import Manifest
    from modpkg.model.module import Module
    from modpkg.store.store import Store

LISTS: Final = "var/lib/dpkg/info"


def check_budget(
    manifest: Manifest,
    modules: Sequence[Module],
    files: Mapping[str, Path],
    *,
    store: Store,
    sink: Sink = ignore,
) -> None:
    """Raise BudgetError where `files`, which a node keeps in memory, are larger than the manifest allows."""
    if manifest.size_budget is None:
        return
    size, budget = sum(path.stat().st_size for path in files.values()), parse_size(manifest.size_budget)
    if size <= budget:
        return
    owners = {module.name: owners_of(_lists(module, store, sink)) for module in modules}
    raise BudgetError(manifest.name, size=size, budget=budget, shares=shares_of(modules, owners))


def _lists(module: Module, store: Store, sink: Sink) -> Iterator[tuple[str, str]]:
    # Which package a path is of stands in the fragment alone. Only an image that is refused needs it.
    if not any(path.startswith(f"{LISTS}/") for path in module.paths):
        return
    with store.scratch() as scratch:
        tree = scratch / "lists"
        command: list[str | Path] = ["unsquashfs", "-no-progress", "-quiet", "-no-xattrs", "-dest", tree]
        command += [store.path(module.fragment.sha256), f"{LISTS}/*.list"]
        run(command, sink=sink, check=False)
        for path in sorted((tree / LISTS).glob("*.list")):
            yield path.stem, path.read_text(encoding="utf-8")
