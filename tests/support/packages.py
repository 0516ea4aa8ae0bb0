"""Packages written for tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from modpkg.deb.write import write_deb
from modpkg.rpm.write import write_rpm
from tests.support.modules import DEFAULT_FRAGMENT, module

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from modpkg.formats.payload import Entry
    from modpkg.model.module import Module

DOCUMENTS = {
    "packages.changelog.gz": b"slurm-wlm (22.05.8-4) bookworm; urgency=medium\n\n  * Fix.\n",
    "contents.changelog.gz": b"added /usr/bin/slurmd\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One module as .deb and .rpm, and the file of its fragment."""

    module: Module
    fragment: Path
    deb: Path
    rpm: Path


def without_module_json(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Empty module.json, so that golden texts do not change whenever a field of it does."""
    return tuple(
        replace(entry, content=b"{}\n", size=3) if entry.path.endswith("/module.json") else entry
        for entry in entries
    )


def write_pair(directory: Path, content: bytes = DEFAULT_FRAGMENT, **changes: object) -> Pair:
    """Write both packages of a made-up module around the bytes of a fragment."""
    directory.mkdir(parents=True, exist_ok=True)
    fragment = directory / "fragment"
    fragment.write_bytes(content)
    made = module(content, **changes)
    return Pair(
        module=made,
        fragment=fragment,
        deb=write_deb(made, fragment=fragment, documents=DOCUMENTS, directory=directory),
        rpm=write_rpm(made, fragment=fragment, documents=DOCUMENTS, directory=directory),
    )
