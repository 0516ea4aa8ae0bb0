"""Signatures checked by gpgv against one key ring. Never asks key servers or the user's own keys."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from modpkg.errors import ModpkgError
from modpkg.host.run import Completed, run
from modpkg.openpgp.keys import dearmored

VALID: Final = re.compile(r"^\[GNUPG:\] VALIDSIG ([0-9A-F]{40}) (?:\S+ ){8}([0-9A-F]{40})", re.MULTILINE)
REASONS: Final = {
    "NO_PUBKEY": "it is signed by a key that is not in the key ring",
    "BADSIG": "its content does not belong to its signature",
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


def verify_clear(path: Path, *, keyring: Path) -> Verified:
    """Check a clear-signed file and give what is inside its signature, and nothing else of it."""
    with tempfile.TemporaryDirectory(prefix="modpkg.") as scratch:
        done = _gpgv(Path(scratch), keyring, "--output", "-", str(path))
    return Verified(fingerprint=_signer(done, path, keyring), text=done.stdout)


def verify_detached(path: Path, signature: Path, *, keyring: Path) -> Verified:
    """Check a file against its detached signature."""
    with tempfile.TemporaryDirectory(prefix="modpkg.") as scratch:
        done = _gpgv(Path(scratch), keyring, str(signature), str(path))
    return Verified(fingerprint=_signer(done, path, keyring), text=path.read_text(encoding="utf-8"))


def _gpgv(scratch: Path, keyring: Path, *words: str) -> Completed:
    content = keyring.read_bytes()
    if content.startswith(b"-----BEGIN"):
        content = dearmored(content.decode("ascii", "replace"))
    ring = scratch / "ring.gpg"
    ring.write_bytes(content)
    return run(["gpgv", "--homedir", scratch, "--keyring", ring, "--status-fd", "2", *words], check=False)


def _signer(done: Completed, path: Path, keyring: Path) -> str:
    signers = VALID.findall(done.stderr)
    words = set(re.findall(r"^\[GNUPG:\] (\w+)", done.stderr, re.MULTILINE))
    reasons = [text for word, text in REASONS.items() if word in words]
    # gpgv ends well with an expired key: what it says counts as much as how it ends.
    if done.returncode == 0 and signers and not reasons:
        return str(signers[0][1])
    raise SignatureError(
        f"cannot trust this file: {reasons[0] if reasons else 'gpgv found no good signature'}",
        where=str(path),
        hint=f"the key ring is {keyring}",
    )
