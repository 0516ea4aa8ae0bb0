"""Who signs a repository, and rpms signed once for all. Never signs a package that is in the pool."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Sink, Warned, ignore
from modpkg.host.files import temporary_directory, write_atomically
from modpkg.openpgp.keys import find_key, find_or_make_key
from modpkg.openpgp.sign import Session, Signer
from modpkg.pipeline.pool import Pooled, add_to_pool, find_in_pool

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.repository import Places, Repository
    from modpkg.pipeline.pairs import Pair


def find_signer(document: Repository, *, home: Path, sink: Sink = ignore) -> Signer:
    """Give the signer that the document names, or the only key of `home`; make one if there is none."""
    if document.key:
        named = find_key(home, fingerprint=document.key)
        if named is None:
            raise BadInputError(
                f"cannot find the key {document.key} that signs repository {document.name}",
                where=str(home),
                hint="MODPKG_GNUPGHOME names the directory of gpg that has it",
            )
        return Signer(key=named, home=home)
    key, how = find_or_make_key(home, f"{document.name} repository signing key")
    if how == "made":
        sink(
            Warned(
                f"made the signing key {key.fingerprint} in {home}, as there was none",
                hint="keep a copy of that directory, and name the key as `key` in repository.yaml",
            )
        )
    return Signer(key=key, home=home)


def add_signed(places: Places, pair: Pair, *, session: Session) -> Pooled:
    """Sign a copy of an rpm and put it into the pool, or give the one that was made before."""
    facts = pair.rpm_facts
    record = places.signed / f"{facts.header_sha256}-{session.key.fingerprint}"
    if record.exists():
        try:
            return find_in_pool(places, record.read_text(encoding="ascii").strip())
        except ModpkgError:
            record.unlink()  # the pool does not have it any more: the same bytes are made again
    with temporary_directory(places.incoming) as scratch:
        copy = scratch / pair.identity.rpm_name
        shutil.copyfile(pair.rpm, copy)
        session.rpm(copy, seconds=facts.build_time)
        pooled = add_to_pool(places, copy, file_name=copy.name)
    write_atomically(record, f"{pooled.sha256}\n")
    return pooled
