"""Modules made up for tests, with every kind of field filled."""

from __future__ import annotations

import hashlib
from typing import Any

from modpkg.model.module import Module

EPOCH = 1760000000
LONG_CHANGE = "Say a thing in one line that is so long that whoever shows it has to fold it at some place."
DEFAULT_FRAGMENT = b"hsqs" + bytes(range(256)) * 300


def module(fragment: bytes = DEFAULT_FRAGMENT, **changes: Any) -> Module:
    """Give a module around the bytes of a fragment; `changes` replace its fields."""
    return Module.model_validate(_fields(fragment) | changes)


def _fields(fragment: bytes) -> dict[str, Any]:
    return {
        "name": "slurm",
        "version": "23.11.4-2",
        "platform": "bookworm",
        "architecture": "amd64",
        "source_date_epoch": EPOCH,
        "inputs": "1" * 64,
        "summary": "workload manager for clusters",
        "description": "Slurm starts jobs on nodes.\n\nMünge proves who asks.\n",
        "license": "GPL-3.0-or-later",
        "homepage": "https://slurm.example/",
        "maintainer": "Ada Packager <ada@cluster.example>",
        "depends": [{"name": "core", "version": "12.0.3-41", "fragment": "2" * 64}],
        "conflicts": ["slurm-22"],
        "provides": ["workload-manager"],
        "changelog": [_entry("23.11.4-2", "2025-10-09"), _entry("23.11.4-1", "2024-02-29")],
        "fragment": {
            "sha256": hashlib.sha256(fragment).hexdigest(),
            "size": len(fragment),
            "uncompressed_size": 4 * len(fragment),
            "compression": "zstd",
            "level": 15,
            "block_size": 131072,
        },
        "packages": [_package("slurmd", "slurm-wlm"), _package("munge", "munge")],
        "paths": {"usr/bin/slurmd": "f 0755 0 0 12 " + "3" * 64},
    }


def _entry(version: str, day: str) -> dict[str, Any]:
    return {
        "version": version,
        "date": f"{day}T08:53:20Z",
        "author": "Ada Packager <ada@cluster.example>",
        "urgency": "medium",
        "changes": [f"Release {version}.", LONG_CHANGE],
    }


def _package(name: str, source: str) -> dict[str, Any]:
    return {
        "name": name,
        "version": "1:22.05.8-4+deb12u2",
        "architecture": "amd64",
        "source": source,
        "source_version": "22.05.8-4+deb12u2",
        "sha256": "4" * 64,
        "license": "GPL-2.0-or-later",
    }
