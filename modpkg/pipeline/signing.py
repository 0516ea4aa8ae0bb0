"""Who signs a repository, and rpms signed once for all. Never signs a package that is in the pool."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.apt.release import SECONDS_A_DAY, format_time
from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Sink, Warned, ignore
from modpkg.host.files import copy_file
from modpkg.openpgp.keys import GPG, Key, find_key, find_or_make_key, has_expired, import_key
from modpkg.openpgp.sign import Session, Signer
from modpkg.pipeline.pieces import href_of
from modpkg.pipeline.pool import Intake, Pooled, find_in_pool, pool_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modpkg.model.repository import Repository
    from modpkg.pipeline.index import Index
    from modpkg.pipeline.pairs import Pair

WARNED_DAYS: Final = 30
ROTATION_HINT: Final = "make another key and name both as `keys: [new, old]` in repository.yaml"


def find_signer(document: Repository, *, home: Path, sink: Sink = ignore, now: int | None = None) -> Signer:
    """Give the signer that the document names, or the only key of `home`; make one if there is none.

    Warns of a key that ends within `WARNED_DAYS`, and refuses one whose time is over or that is bound by a weak
    digest. `now` (seconds since 1970) is the clock's time by default: keys end by that.
    """
    program = str(document.signing_program or GPG)
    keys = tuple(_named(document, name, home=home) for name in document.signing_keys)
    keys = keys or (_only(document, home=home, sink=sink),)
    for key in keys:
        _check(key, now=int(time.time()) if now is None else now, sink=sink)
    return Signer(key=keys[0], home=home, others=keys[1:], program=program)


def existing_signer(document: Repository, *, home: Path, sink: Sink = ignore) -> Signer | None:
    """Give the signer of `find_signer` where it need not make a key first, else None."""
    if document.signing_keys:
        return find_signer(document, home=home, sink=sink)
    program = str(document.signing_program or GPG)
    key = find_key(home, program=program)
    if key is None:
        return None
    _check(key, now=int(time.time()), sink=sink)
    return Signer(key=key, home=home, program=program)


def import_signing_key(path: Path, *, home: Path) -> Key:
    """Take a secret key from a file into `home`, so that it signs; raises BadInputError when it cannot."""
    try:
        armored = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(
            f"cannot read the key: {error}", where=str(path), hint="export it with --armor"
        ) from error
    key = import_key(home, armored)
    _check(key, now=int(time.time()), sink=ignore)
    return key


def _named(document: Repository, fingerprint: str, *, home: Path) -> Key:
    program = str(document.signing_program or GPG)
    found = find_key(home, fingerprint=fingerprint, program=program)
    if found is None and has_expired(home, fingerprint=fingerprint, program=program):
        raise _ended(fingerprint)
    if found is None:
        raise BadInputError(
            f"cannot find the key {fingerprint} that signs repository {document.name}",
            where=str(home),
            hint="MODPKG_GNUPGHOME names the directory of gpg that has it; invoke import-key takes it from a file",
        )
    return found


def _only(document: Repository, *, home: Path, sink: Sink) -> Key:
    program = str(document.signing_program or GPG)
    key, how = find_or_make_key(home, f"{document.name} repository signing key", program=program)
    if how == "made":
        sink(
            Warned(
                f"made the signing key {key.fingerprint} in {home}, as there was none",
                hint="keep a copy of that directory, and name the key as `key` in repository.yaml",
            )
        )
    return key


def _check(key: Key, *, now: int, sink: Sink) -> None:
    if key.is_weak:
        raise BadInputError(
            f"cannot sign with the key {key.fingerprint}: it is bound by a digest that is weaker than SHA-256",
            hint="clients refuse it: renew its self-signature with --cert-digest-algo SHA256, or make another key",
        )
    if key.expires is None:
        return
    if key.expires <= now:
        raise _ended(key.fingerprint)
    if key.expires - now < WARNED_DAYS * SECONDS_A_DAY:
        sink(
            Warned(
                f"the signing key {key.fingerprint} ends on {format_time(key.expires)}",
                hint=f"{ROTATION_HINT}, while clients still trust this one",
            )
        )


def _ended(fingerprint: str) -> BadInputError:
    return BadInputError(
        f"cannot sign with the key {fingerprint}: its time is over",
        hint=f"{ROTATION_HINT}; clients need the new key by another way",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """An rpm of the pool, and its pieces of indices where it was read to put it there."""

    pooled: Pooled
    pieces: Mapping[str, bytes]


def add_signed(taking: Intake, pair: Pair, *, index: Index, session: Session, many: bool = False) -> Signed:
    """Sign a copy of an rpm and put it into the pool, or give the one that was made before."""
    from modpkg.yum.chunks import digest_and_chunks  # noqa: PLC0415 - most signers sign no package

    places, facts = taking.places, pair.rpm_facts
    unsigned = f"{facts.header_sha256}-{session.key.fingerprint}"
    before = index.signed(unsigned)
    if before is not None:
        # The pool may not have it any more: then the same bytes are made again.
        with suppress(ModpkgError):
            return Signed(pooled=find_in_pool(places, before), pieces={})
    copy = taking.scratch / pair.identity.rpm_name
    copy_file(pair.rpm, copy)
    session.rpm(copy, seconds=facts.build_time)
    digest, pieces = digest_and_chunks(
        copy, href_of=lambda sha256: href_of(pool_path(sha256, copy.name)), many=many
    )
    pooled = taking.take(copy, sha256=digest)
    index.keep_signed(unsigned, digest)
    return Signed(pooled=pooled, pieces=pieces)
