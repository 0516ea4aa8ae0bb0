"""A signer without gpg, for unit tests: what it signs can be read, and it says when it signed."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.openpgp.keys import Key
from modpkg.openpgp.sign import Session, Signer
from modpkg.openpgp.verify import Ring, SignatureError, Verified

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from modpkg.events import Sink

PEN_KEY = Key(fingerprint="A" * 40, owner="pen <pen@example.invalid>", created=0)


class Pen(Session):
    """Writes the time of each signature where gpg would write the signature."""

    def clear(self, text: str, *, seconds: int) -> str:
        return f"signed at {seconds}\n\n{text}"

    def detached(self, text: str, *, seconds: int) -> str:
        return f"{len(text)} characters signed at {seconds}\n"

    def rpm(self, path: Path, *, seconds: int) -> None:
        """Leave the package as it is: its header says nothing of signatures."""

    def public(self) -> str:
        return "public key\n"


class PenSigner(Signer):
    """Gives the pen."""

    @contextmanager
    def session(self, *, sink: Sink | None = None) -> Iterator[Session]:
        del sink
        yield pen()


def trust_pens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let readers of channels accept what a pen signed, as gpgv does with real signatures."""

    def verify(path: Path, *, keyring: Path) -> Verified:
        assert keyring.is_file()
        head, _, text = path.read_text().partition("\n\n")
        assert head.startswith("signed at ")
        return Verified(fingerprint=PEN_KEY.fingerprint, text=text)

    monkeypatch.setattr("modpkg.apt.index.verify_clear", verify)


def pen() -> Pen:
    return Pen(key=PEN_KEY, path=Path("/nonexistent"))


def pen_signer() -> PenSigner:
    return PenSigner(key=PEN_KEY, home=Path("/nonexistent"))


class PenRing(Ring):
    """Believes a pen, and nobody else."""

    def clear_content(self, content: bytes, *, where: str) -> Verified:
        head, _, text = content.decode().partition("\n\n")
        if not head.startswith("signed at "):
            raise SignatureError("cannot trust this file: it is not signed", where=where)
        return Verified(fingerprint=PEN_KEY.fingerprint, text=text)

    def detached_content(self, content: bytes, signature: bytes, *, where: str) -> str:
        if not signature.startswith(f"{len(content.decode())} characters signed at ".encode()):
            raise SignatureError("cannot trust this file: its content does not belong to it", where=where)
        return PEN_KEY.fingerprint


def pen_ring() -> PenRing:
    return PenRing(path=Path("/nonexistent/ring.gpg"), shown="pens")
