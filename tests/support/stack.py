"""Modules for tests of sets of modules: whole and valid with nothing said, every field to be overridden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modpkg.model.module import ChangelogEntry, Fragment, LowerModule, Module

if TYPE_CHECKING:
    from pathlib import Path

EPOCH = 1_700_000_000
ENTRY = ChangelogEntry(
    version="12.0.0-1",
    date="2023-11-14T22:13:20Z",
    author="Test <test@example.org>",
    urgency="low",
    changes=("First release.",),
)


def make_module(name: str = "core", **fields: Any) -> Module:
    """Give a module; its fragment's digest is made from its name unless told."""
    known: dict[str, Any] = {
        "name": name,
        "version": "12.0.0-1",
        "platform": "bookworm",
        "architecture": "amd64",
        "source_date_epoch": EPOCH,
        "inputs": "0" * 64,
        "summary": f"The {name} module",
        "description": "A module of a test.",
        "license": "GPL-3.0-or-later",
        "homepage": "https://example.org/",
        "maintainer": "Test <test@example.org>",
        "changelog": (ENTRY,),
        "fragment": make_fragment(name),
        "packages": (),
        "paths": {},
    }
    return Module(**{**known, **fields})


def make_fragment(seed: str) -> Fragment:
    """Give a fragment whose digest tells it from those of other seeds."""
    return Fragment(
        sha256=seed.encode().hex().ljust(64, "0")[:64],
        size=4096,
        uncompressed_size=8192,
        compression="zstd",
        level=3,
        block_size=131072,
    )


def lower(module: Module) -> LowerModule:
    """Name a module as one that another was built on."""
    return LowerModule(name=module.name, version=module.version, fragment=module.fragment.sha256)


def write_module(module: Module, path: Path) -> Path:
    """Write module.json."""
    path.write_text(module.model_dump_json(), encoding="utf-8")
    return path


def stanza(name: str, version: str = "1.0-1", *, status: str = "install ok installed", **fields: str) -> str:
    """Give a stanza of dpkg's status; underscores of `fields` are dashes."""
    more = {key.replace("_", "-").title(): value for key, value in fields.items()}
    known = {"Package": name, "Status": status, "Architecture": "amd64", "Version": version, **more}
    return "\n".join(f"{key}: {value}" for key, value in known.items())


def write_files(tree: Path, texts: dict[str, str]) -> Path:
    """Write texts below a directory; gives the directory."""
    for name, text in texts.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tree
