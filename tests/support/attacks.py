"""What attackers and careless publishers do to a repository; clients and verify-repository have to refuse it."""

from __future__ import annotations

import gzip
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.openpgp.sign import Session, Signer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from modpkg.events import Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What an attacker does to the files of a repository, and a word of the client's refusal."""

    do: Callable[[Path], None]
    refusal: str


def only(directory: Path, pattern: str) -> Path:
    (found,) = directory.rglob(pattern)
    return found


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def spoil_package(suffix: str) -> Callable[[Path], None]:
    return lambda www: spoil(only(www / "pool", f"*.{suffix}"))


def spoil_apt_index(www: Path) -> None:
    for path in (www / "dists").rglob("*"):
        if path.is_file() and path.name != "InRelease":
            text = path.read_bytes()
            packed = text.startswith(b"\x1f\x8b")
            changed = (gzip.decompress(text) if packed else text).replace(b"1.0.0-1", b"1.0.0-9")
            path.write_bytes(gzip.compress(changed) if packed else changed)


def change_release(www: Path) -> None:
    path = www / "dists/testing/InRelease"
    path.write_text(path.read_text().replace("Origin: test", "Origin: evil"))


def strip_release(www: Path) -> None:
    path = www / "dists/testing/InRelease"
    text = path.read_text().partition("\n\n")[2].partition("-----BEGIN")[0]
    path.write_text(text)


def change_repomd(www: Path) -> None:
    path = only(www / "rpm", "repomd.xml")
    path.write_text(path.read_text().replace("<revision>", "<revision>1"))


APT_ATTACKS = {
    "package": Attack(do=spoil_package("deb"), refusal="Hash Sum mismatch"),
    "index": Attack(do=spoil_apt_index, refusal="Hash Sum mismatch"),
    "release": Attack(do=change_release, refusal="BADSIG"),
    "no-signature": Attack(do=strip_release, refusal="not signed"),
}
DNF_ATTACKS = {
    "package": Attack(do=spoil_package("rpm"), refusal="Cannot download"),
    "index": Attack(
        do=lambda www: spoil(only(www / "rpm", "*-primary.xml.gz")), refusal="Failed to download"
    ),
    "release": Attack(do=change_repomd, refusal="Bad GPG signature"),
    "no-signature": Attack(
        do=lambda www: only(www / "rpm", "repomd.xml.asc").unlink(), refusal="repomd.xml.asc"
    ),
}


class CarelessSession(Session):
    """Signs the repository but none of its packages."""

    def rpm(self, path: Path, *, seconds: int) -> None:
        """Forget it."""


class CarelessSigner(Signer):
    @contextmanager
    def session(self, *, sink: Sink | None = None) -> Iterator[Session]:
        del sink
        with super().session() as session:
            yield CarelessSession(key=session.key, path=session.path)
