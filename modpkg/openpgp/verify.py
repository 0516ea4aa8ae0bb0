"""Signatures checked by gpgv against one key ring. Never asks key servers or the user's own keys."""

from __future__ import annotations

import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.run import Completed, run
from modpkg.openpgp.keys import dearmored

if TYPE_CHECKING:
    from collections.abc import Iterator

WORD: Final = re.compile(r"^\[GNUPG:\] (\w+)", re.MULTILINE)
VALID: Final = re.compile(
    r"^\[GNUPG:\] VALIDSIG [0-9A-F]{40} (?:\S+ ){6}(?P<digest>\d+) \S+ (?P<primary>[0-9A-F]{40})",
    re.MULTILINE,
)
SOUND_DIGESTS: Final = frozenset({"8", "9", "10", "11"})  # SHA-256, 384, 512, 224; not MD5, SHA-1, RIPE-MD
REASONS: Final = {
    "BADSIG": "its content does not belong to its signature",
    "NO_PUBKEY": "it is signed by a key that is not in the key ring",
    "REVKEYSIG": "its key was revoked",
    "EXPKEYSIG": "its key has expired",
    "EXPSIG": "its signature has expired",
    "NODATA": "it is not signed",
}


class SignatureError(ModpkgError):
    """A signature is missing or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a good signature says: who signed (the fingerprint of the primary key), and the signed text."""

    fingerprint: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A key ring that gpgv can read: where it lies, and what users know it by."""

    path: Path
    shown: str

    def clear(self, path: Path) -> Verified:
        """Check a clear-signed file and give what is inside its signature, and nothing else of it."""
        done = self._gpgv("--output", "-", str(path))
        return Verified(fingerprint=self._signer(done, str(path)), text=done.stdout)

    def detached(self, path: Path, signature: Path) -> str:
        """Check a file against its detached signature and give the fingerprint of who signed."""
        return self._signer(self._gpgv(str(signature), str(path)), str(path))

    def clear_content(self, content: bytes, *, where: str) -> Verified:
        """Check clear-signed content that is in memory; `where` is for errors."""
        with self._kept(content) as path:
            done = self._gpgv("--output", "-", path)
        return Verified(fingerprint=self._signer(done, where), text=done.stdout)

    def detached_content(self, content: bytes, signature: bytes, *, where: str) -> str:
        """Check content in memory against its detached signature; give the fingerprint of who signed."""
        with self._kept(content) as path, self._kept(signature) as proof:
            return self._signer(self._gpgv(proof, path), where)

    @contextmanager
    def _kept(self, content: bytes) -> Iterator[str]:
        with tempfile.NamedTemporaryFile(dir=self.path.parent) as stream:
            stream.write(content)
            stream.flush()
            yield stream.name

    def _gpgv(self, *words: str) -> Completed:
        home = ("--homedir", str(self.path.parent))
        return run(["gpgv", *home, "--keyring", self.path, "--status-fd", "2", *words], check=False)

    def _signer(self, done: Completed, where: str) -> str:
        try:
            return judge(done.stderr)
        except SignatureError as error:
            raise SignatureError(error.what, where=where, hint=f"the key ring is {self.shown}") from error


@contextmanager
def opened_ring(keyring: Path) -> Iterator[Ring]:
    """Give a key ring, armored or not, in the form that gpgv reads."""
    content = keyring.read_bytes()
    if content.startswith(b"-----BEGIN"):
        content = dearmored(content.decode("ascii", "replace"))
    with tempfile.TemporaryDirectory(prefix="modpkg.") as scratch:
        path = Path(scratch, "ring.gpg")
        path.write_bytes(content)
        yield Ring(path=path, shown=str(keyring))


def verify_clear(path: Path, *, keyring: Path) -> Verified:
    """Check a clear-signed file and give what is inside its signature, and nothing else of it."""
    with opened_ring(keyring) as ring:
        return ring.clear(path)


def verify_detached(path: Path, signature: Path, *, keyring: Path) -> Verified:
    """Check a file against its detached signature."""
    with opened_ring(keyring) as ring:
        return Verified(fingerprint=ring.detached(path, signature), text=path.read_text(encoding="utf-8"))


def judge(status: str) -> str:
    """Give the fingerprint of a good signature in what gpgv said; raises SignatureError when there is none.

    A second signature by a key that the ring does not have does no harm: keys are rotated so. A bad one does.
    """
    blocks = re.split(r"^\[GNUPG:\] NEWSIG\b", status, flags=re.MULTILINE)
    words = [set(WORD.findall(block)) for block in blocks]
    said = set[str]().union(*words)
    # gpgv ends well with an expired key: what it says counts, not how it ends.
    good = [block for block, found in zip(blocks, words, strict=True) if "GOODSIG" in found]
    signers = [found for block in good if (found := VALID.search(block))]
    sound = [found["primary"] for found in signers if found["digest"] in SOUND_DIGESTS]
    if sound and "BADSIG" not in said:
        return sound[0]
    reasons = [text for word, text in REASONS.items() if word in said]
    reasons += ["its signature is made of a weak digest"] * bool(signers)
    raise SignatureError(
        f"cannot trust this file: {reasons[0] if reasons else 'gpgv found no good signature'}"
    )
