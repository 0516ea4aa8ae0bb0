"""A chroot of a few files, for tests that install nothing."""

import os
from pathlib import Path

import pytest

from modpkg.model.chroot import ChrootPlaces, ChrootRecord

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="chroots have files of many owners: root alone works on them"
)


def little_chroot(place: Path, name: str = "apps") -> ChrootPlaces:
    """Write a chroot with a program, a configuration, what apt fetched, and no package database."""
    places = ChrootPlaces(place / name)
    files = {"usr/bin/tool": "one\n", "etc/tool": "x\n", "var/cache/apt/pkgcache.bin": "much\n"}
    for path, text in files.items():
        (places.tree / path).parent.mkdir(parents=True, exist_ok=True)
        (places.tree / path).write_text(text)
    places.generations.mkdir()
    places.record.write_text(ChrootRecord(name=name, platform="bookworm").model_dump_json())
    return places
