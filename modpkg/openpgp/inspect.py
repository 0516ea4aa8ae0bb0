"""What public keys say of themselves: who, how strong, until when, by which digest. Imports none of them."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.host.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator

# SHA-256, 384, 512, 224, by OpenPGP's numbers. Debian 13 refuses keys that are bound by SHA-1.
SOUND_DIGESTS: Final = frozenset({8, 9, 10, 11})
SELF_SIGNATURES: Final = ("10", "11", "12", "13", "1f")
ALGORITHMS: Final = {1: "rsa", 17: "dsa", 19: "ecdsa", 22: "eddsa"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A public key. Times in seconds since 1970; `expires` is None for one that does not.

    `digests` are the OpenPGP numbers of the digests of its self-signatures.
    """

    fingerprint: str
    owner: str
    algorithm: str
    bits: int
    created: int
    expires: int | None
    digests: tuple[int, ...]

    @property
    def is_sound(self) -> bool:
        """Whether its newest self-signature is made of SHA-256 or better."""
        return bool(self.digests) and self.digests[-1] in SOUND_DIGESTS


def public_keys(armored: str) -> tuple[PublicKey, ...]:
    """Give the keys of an ASCII-armored text; raises BadInputError when it holds none."""
    with tempfile.TemporaryDirectory(prefix="modpkg.") as home:
        words = ("--batch", "--no-tty", "--with-colons", "--with-sig-list", "--show-keys")
        listing = run(["gpg", "--homedir", home, *words], text=armored, check=False).stdout
    keys = tuple(parse_public_keys(listing))
    if not keys:
        raise BadInputError("this is not an OpenPGP key")
    return keys


def parse_public_keys(listing: str) -> Iterator[PublicKey]:
    """Read gpg's list of public keys with their signatures."""
    for block in re.split(r"^(?=pub:)", listing, flags=re.MULTILINE):
        records = [line.split(":") for line in block.splitlines()]
        if not records or records[0][0] != "pub":
            continue
        primary = records[0]
        yield PublicKey(
            fingerprint=_field(records, "fpr"),
            owner=_field(records, "uid"),
            algorithm=ALGORITHMS.get(int(primary[3]), primary[3]),
            bits=int(primary[2]),
            created=int(primary[5]),
            expires=int(primary[6]) if primary[6] else None,
            digests=tuple(self_digests(records, primary[4])),
        )


def self_digests(records: list[list[str]], key_id: str) -> Iterator[int]:
    """Give the digests of a key's own signatures in gpg's records of it, the newest one last."""
    own = [
        (int(record[5] or 0), int(record[15]))
        for record in records
        if record[0] == "sig" and record[4] == key_id and record[10][:2] in SELF_SIGNATURES and record[15]
    ]
    return (digest for _, digest in sorted(own))


def _field(records: list[list[str]], kind: str) -> str:
    return next((record[9] for record in records if record[0] == kind), "")
