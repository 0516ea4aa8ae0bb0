"""What the store has of a build. What this modpkg cannot use counts as not there; nothing is ever changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.formats.canonical import read_record
from modpkg.host.files import digest_file
from modpkg.model.module import Module

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.store.store import Store

# What the record of a build names in the store.
RECORDED: Final = ("module", "fragment", "changes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A built module: what is known of it, and where module.json, fragment and its packages' changes lie."""

    module: Module
    module_path: Path
    fragment: Path
    changes: Path


def find_kept(store: Store, key: str) -> Kept | None:
    """Give the build of this key, or None: never built, lost in part, or written by another modpkg."""
    record = store.lookup(key)
    if record is None:
        return None
    try:
        module_path, fragment, changes = (store.path(str(record.get(part))) for part in RECORDED)
        module = read_record(module_path, Module)
        digests = [digest_file(path) for path in (module_path, changes)]
        size = fragment.stat().st_size
    except (ModpkgError, FileNotFoundError):
        return None
    # A fragment that another module.json is about would be built into packages without a word. Small blobs are held
    # against their digests; that of a fragment takes its time, and is looked at when something is made of it.
    if fragment.name != module.fragment.sha256 or size != module.fragment.size:
        return None
    if digests != [module_path.name, changes.name]:
        return None
    return Kept(module=module, module_path=module_path, fragment=fragment, changes=changes)
