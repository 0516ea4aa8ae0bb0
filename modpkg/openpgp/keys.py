"""Keys that sign: found in a directory of gpg, made there, shown. Never looks into a directory not given."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from modpkg.errors import BadInputError, ModpkgError
from modpkg.host.files import locked
from modpkg.host.run import run
from modpkg.openpgp.agent import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARMOR: Final = re.compile(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----\n(?:[^\n]+\n)*\n(.*?)-----END PGP PUBLIC KEY BLOCK-----", re.DOTALL
)
MAKING_LOCK_NAME: Final = ".modpkg.making"
UNUSABLE: Final = "dier"  # gpg's letters for disabled, invalid, expired, revoked


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A secret key that signs: its fingerprint, its owner, when it was made (seconds since 1970)."""

    fingerprint: str
    owner: str
    created: int


def find_key(home: Path, *, fingerprint: str | None = None) -> Key | None:
    """Give the key with this fingerprint, or the only one of `home`; None if there is none.

    Raises BadInputError when no fingerprint is given and several keys could be meant.
    """
    if not home.is_dir():
        return None
    with opened(home) as path:
        listing = run([*gpg(path), "--with-colons", "--list-secret-keys"]).stdout
    keys = [key for key in parse_keys(listing) if fingerprint in (None, key.fingerprint)]
    if len(keys) > 1:
        raise BadInputError(
            f"cannot choose between {len(keys)} keys: {', '.join(key.fingerprint for key in keys)}",
            where=str(home),
            hint="name the fingerprint of one as `key` in repository.yaml",
        )
    return keys[0] if keys else None


def parse_keys(listing: str) -> Iterator[Key]:
    """Read gpg's list of secret keys: those that can sign and are neither expired nor revoked."""
    for block in re.split(r"^(?=sec:)", listing, flags=re.MULTILINE):
        records = [line.split(":") for line in block.splitlines()]
        if not records or records[0][0] != "sec":
            continue
        primary = records[0]
        if primary[1] not in UNUSABLE and "s" in primary[11]:
            yield Key(
                fingerprint=_field(records, "fpr"),
                owner=_field(records, "uid"),
                created=int(primary[5]),
            )


def make_key(home: Path, name: str, *, created: int | None = None) -> Key:
    """Make a key without passphrase: RSA-4096, SHA-256, no subkeys (rpm refuses some keys that have them).

    `created` (seconds since 1970) is when it says it was made, now by default. It does not expire.
    """
    moment = faked_time(created) if created is not None else ()
    command = ("--quick-gen-key", name, "rsa4096", "sign", "never")
    with opened(home) as path:
        run(
            [
                *gpg(path),
                *moment,
                "--pinentry-mode",
                "loopback",
                "--passphrase",
                "",
                "--cert-digest-algo",
                "SHA256",
                *command,
            ]
        )
        listing = run([*gpg(path), "--with-colons", "--list-secret-keys", f"={name}"]).stdout
    made = list(parse_keys(listing))
    if not made:
        raise ModpkgError("cannot find the key that gpg just made", where=str(home))
    return made[-1]


def find_or_make_key(home: Path, name: str) -> tuple[Key, Literal["found", "made"]]:
    """Give the only key of `home`, made there if there is none; two processes at once get the same."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(home / MAKING_LOCK_NAME):
        found = find_key(home)
        return (found, "found") if found else (make_key(home, name), "made")


def public_key(home: Path, *, fingerprint: str) -> str:
    """Give the public half of a key as ASCII-armored text, for clients."""
    with opened(home) as path:
        return export(path, fingerprint=fingerprint)


def export(opened_home: Path, *, fingerprint: str) -> str:
    """Give the public half of a key of a home that is opened already."""
    words = ("--export-options", "export-minimal", "--armor", "--export", fingerprint)
    text = run([*gpg(opened_home), *words]).stdout
    if not text:
        raise ModpkgError(f"cannot find the key {fingerprint}", where=str(opened_home))
    return text


def dearmored(armored: str) -> bytes:
    """Give the binary key ring of ASCII-armored keys, the only form that gpgv reads."""
    blocks = ARMOR.findall(armored.replace("\r\n", "\n"))
    if not blocks:
        raise BadInputError("this is not an ASCII-armored OpenPGP key")
    try:
        return b"".join(
            base64.b64decode(re.sub(r"\n=.{4}\n$|\s", "", block), validate=True) for block in blocks
        )
    except binascii.Error as error:
        raise BadInputError(f"this is not an ASCII-armored OpenPGP key: {error}") from error


def gpg(home: Path) -> tuple[str, ...]:
    """Give the words that begin each call of gpg: its home is always said, nothing is ever asked."""
    return ("gpg", "--homedir", str(home), "--batch", "--no-tty", "--yes")


def faked_time(seconds: int) -> tuple[str, str]:
    """Give gpg's option that sets its clock, so that equal data have equal signatures."""
    return ("--faked-system-time", f"{seconds}!")


def _field(records: list[list[str]], kind: str) -> str:
    return next((record[9] for record in records if record[0] == kind), "")
