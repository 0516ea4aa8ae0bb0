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
from modpkg.openpgp.inspect import SOUND_DIGESTS, self_digests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARMOR: Final = re.compile(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----\n(?:[^\n]+\n)*\n(.*?)-----END PGP PUBLIC KEY BLOCK-----", re.DOTALL
)
MAKING_LOCK_NAME: Final = ".modpkg.making"
GPG: Final = "gpg"
LISTING: Final = ("--with-colons", "--with-sig-list", "--list-secret-keys")
SECRET_IMPORTED: Final = 16  # gpg's flag: this key has a secret half
Algorithm = Literal["rsa4096", "ed25519"]
UNUSABLE: Final = "dier"  # gpg's letters for disabled, invalid, expired, revoked


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A secret key that signs: its fingerprint, its owner, when it was made and when it ends.

    Times in seconds since 1970. `digest` is the OpenPGP number of that of its newest self-signature, 0 if unknown.
    """

    fingerprint: str
    owner: str
    created: int
    expires: int | None = None
    digest: int = 0

    @property
    def is_weak(self) -> bool:
        """Whether it is bound by less than SHA-256."""
        return self.digest != 0 and self.digest not in SOUND_DIGESTS


def find_key(home: Path, *, fingerprint: str | None = None, program: str = GPG) -> Key | None:
    """Give the key with this fingerprint, or the only one of `home`; None if there is none.

    Raises BadInputError when no fingerprint is given and several keys could be meant.
    """
    if not home.is_dir():
        return None
    with opened(home) as path:
        listing = run([*gpg(path, program), *LISTING]).stdout
    keys = [key for key in parse_keys(listing) if fingerprint in (None, key.fingerprint)]
    if len(keys) > 1:
        raise BadInputError(
            f"cannot choose between {len(keys)} keys: {', '.join(key.fingerprint for key in keys)}",
            where=str(home),
            hint="name the fingerprint of one as `key` in repository.yaml",
        )
    return keys[0] if keys else None


def has_expired(home: Path, *, fingerprint: str, program: str = GPG) -> bool:
    """Tell whether there is such a key and it cannot be used because its time is over."""
    if not home.is_dir():
        return False
    with opened(home) as path:
        listing = run([*gpg(path, program), *LISTING], check=False).stdout
    return any(
        key.fingerprint == fingerprint for key in parse_keys(listing, unusable=UNUSABLE.replace("e", ""))
    )


def import_key(home: Path, armored: str) -> Key:
    """Take a secret key that was exported to a file into a directory of gpg."""
    with opened(home) as path:
        done = run([*gpg(path), "--import", "--status-fd", "1"], text=armored, check=False)
        listing = run([*gpg(path), *LISTING]).stdout
    imported = re.findall(r"^\[GNUPG:\] IMPORT_OK (\d+) ([0-9A-F]{40})", done.stdout, re.MULTILINE)
    secret = {fingerprint for flags, fingerprint in imported if int(flags) & SECRET_IMPORTED}
    keys = [key for key in parse_keys(listing) if key.fingerprint in secret]
    if len(keys) != 1:
        raise BadInputError(
            f"cannot take a key from this file: it holds {len(keys)} secret keys that sign",
            hint="export one: gpg --export-secret-keys --armor FINGERPRINT",
        )
    return keys[0]


def parse_keys(listing: str, *, unusable: str = UNUSABLE) -> Iterator[Key]:
    """Read gpg's list of secret keys: those that can sign and are neither expired nor revoked."""
    for block in re.split(r"^(?=sec:)", listing, flags=re.MULTILINE):
        records = [line.split(":") for line in block.splitlines()]
        if not records or records[0][0] != "sec":
            continue
        primary = records[0]
        if primary[1] not in unusable and "s" in primary[11]:
            yield Key(
                fingerprint=_field(records, "fpr"),
                owner=_field(records, "uid"),
                created=int(primary[5]),
                expires=int(primary[6]) if primary[6] else None,
                digest=next(reversed(list(self_digests(records, primary[4]))), 0),
            )


def make_key(
    home: Path,
    name: str,
    *,
    created: int | None = None,
    algorithm: Algorithm = "rsa4096",
    expires: str = "never",
) -> Key:
    """Make a key without passphrase: SHA-256, no subkeys (rpm refuses some keys that have them).

    `created` (seconds since 1970) is when it says it was made, now by default. `expires` is gpg's word for when
    it ends, such as "2y".
    """
    moment = faked_time(created) if created is not None else ()
    command = ("--quick-gen-key", name, algorithm, "sign", expires)
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
        listing = run([*gpg(path), *LISTING, f"={name}"]).stdout
    made = list(parse_keys(listing, unusable=""))  # one may be made for a time that is over
    if not made:
        raise ModpkgError("cannot find the key that gpg just made", where=str(home))
    return made[-1]


def find_or_make_key(home: Path, name: str, *, program: str = GPG) -> tuple[Key, Literal["found", "made"]]:
    """Give the only key of `home`, made there if there is none; two processes at once get the same."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(home / MAKING_LOCK_NAME):
        found = find_key(home, program=program)
        return (found, "found") if found else (make_key(home, name), "made")


def public_key(home: Path, *, fingerprint: str) -> str:
    """Give the public half of a key as ASCII-armored text, for clients."""
    with opened(home) as path:
        return export(path, fingerprint)


def export(opened_home: Path, *fingerprints: str, program: str = GPG) -> str:
    """Give the public halves of keys of a home that is opened already."""
    words = ("--export-options", "export-minimal", "--armor", "--export", *fingerprints)
    text = run([*gpg(opened_home, program), *words]).stdout
    if not text:
        raise ModpkgError(f"cannot find the key {' '.join(fingerprints)}", where=str(opened_home))
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


def gpg(home: Path, program: str = GPG) -> tuple[str, ...]:
    """Give the words that begin each call of gpg: its home is always said, nothing is ever asked."""
    return (program, "--homedir", str(home), "--batch", "--no-tty", "--yes")


def faked_time(seconds: int) -> tuple[str, str]:
    """Give gpg's option that sets its clock, so that equal data have equal signatures."""
    return ("--faked-system-time", f"{seconds}!")


def _field(records: list[list[str]], kind: str) -> str:
    return next((record[9] for record in records if record[0] == kind), "")
