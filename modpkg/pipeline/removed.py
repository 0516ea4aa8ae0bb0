"""Which packages were published once and are deleted: their versions never mean other bytes. Deletes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.host.files import digest_file, write_atomically
from modpkg.pipeline.identity import Identity
from modpkg.yum.read import header_digest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from modpkg.model.repository import Places
    from modpkg.pipeline.pairs import Pair


def remember(places: Places, directory: Path) -> None:
    """Write down what the package in a directory of the pool is, before it is deleted."""
    for path in directory.glob("*"):
        record = places.removed / path.name
        if not record.exists():
            write_atomically(record, f"{_content(path)}\n")


def removed_identities(places: Places, names: Collection[str]) -> set[Identity]:
    """Give all deleted versions of packages of these names."""
    if not places.removed.is_dir():
        return set()
    debs = [path.name for path in places.removed.iterdir() if path.suffix == ".deb"]
    return {Identity.of_file(name) for name in debs if name.partition("_")[0] in names}


def check_removed(places: Places, pairs: Iterable[Pair]) -> None:
    """Refuse pairs that were published with other bytes and deleted later."""
    if not places.removed.is_dir():
        return
    for pair in pairs:
        _check(places, pair)


def _check(places: Places, pair: Pair) -> None:
    for path, name in ((pair.deb, pair.identity.deb_name), (pair.rpm, pair.identity.rpm_name)):
        record = places.removed / name
        if record.exists() and record.read_text(encoding="ascii").strip() != _content(path):
            raise BadInputError(
                f"cannot publish {pair.identity}: it was published with other content, and deleted later",
                where=str(path),
                hint="give the change a changelog entry: invoke release-module writes one",
            )


def _content(path: Path) -> str:
    # An rpm is known by its header, as its signature does not count.
    return header_digest(path) if path.suffix == ".rpm" else digest_file(path)
