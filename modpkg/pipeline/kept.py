"""What the store has of a build. What this modpkg cannot use counts as not there; nothing is ever changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.errors import ModpkgError
from modpkg.formats.canonical import read_record
from modpkg.model.module import Module

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A built module: what is known of it, and where its module.json and its fragment lie."""

    module: Module
    module_path: Path
    fragment: Path


def find_kept(store: Store, key: str) -> Kept | None:
    """Give the build of this key, or None: never built, lost in part, or written by another modpkg."""
    record = store.lookup(key)
    if record is None:
        return None
    try:
        module_path, fragment = (store.path(str(record.get(part))) for part in ("module", "fragment"))
        module = read_record(module_path, Module)
    except ModpkgError:
        return None
    # A fragment that another module.json is about would be built into packages without a word.
    if not fragment.exists() or fragment.name != module.fragment.sha256:
        return None
    return Kept(module=module, module_path=module_path, fragment=fragment)
