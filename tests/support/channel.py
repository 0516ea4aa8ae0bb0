"""A channel for tests of locks: what it offers is said by the test, nothing is read or verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.apt.index import PublishedChannel
from modpkg.apt.stanza import Entry
from modpkg.formats.canonical import digest_of

if TYPE_CHECKING:
    from pathlib import Path


def entry(name: str, version: str, **depends: str) -> Entry:
    needs = ", ".join(f"modpkg-module-{low}-bookworm (= {wanted})" for low, wanted in depends.items())
    control = {
        "Package": f"modpkg-module-{name}-bookworm",
        "Version": version,
        "Architecture": "amd64",
        "Modpkg-Module": name,
        "Modpkg-Platform": "bookworm",
        "Modpkg-Fragment-Sha256": digest_of([name, version]),
        "Modpkg-Fragment-Size": "4096",
        **({"Depends": needs} if needs else {}),
    }
    path = f"pool/{name}_{version}.deb"
    return Entry(control=control, path=path, size=1, sha256=digest_of(path))


CORE = entry("core", "12.0.3-1")
KERNEL = entry("kernel", "6.1.0-1", core="12.0.3-1")
SLURM = entry("slurm", "22.5.8-2", core="12.0.3-1", kernel="6.1.0-1")


class Channel:
    """What is published; a test may change it."""

    def __init__(self) -> None:
        self.entries: tuple[Entry, ...] = (CORE, KERNEL, SLURM)
        self.asked: list[tuple[object, ...]] = []

    def read(self, repository: Path, channel: str, *, architecture: str, keyring: Path) -> PublishedChannel:
        self.asked.append((repository, channel, architecture, keyring))
        snapshot = digest_of([one.path for one in self.entries])
        return PublishedChannel(snapshot=snapshot, key="F" * 40, date=1, valid_until=2, entries=self.entries)
