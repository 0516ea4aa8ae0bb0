"""What a verification starts from: where the repository is, which keys to trust, where clients find it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.events import Sink, Warned
from modpkg.model.repository import Places, Repository, address_of
from modpkg.openpgp.keys import find_key, public_key
from modpkg.store.origin import DirectoryOrigin, Origin, open_origin

if TYPE_CHECKING:
    from collections.abc import Iterator


def published_origin(named: str | None, repository: Path) -> Origin:
    """Give the origin at an address or directory, or the repository of the work folder.

    Of a directory that holds a whole repository, its public half is taken.
    """
    origin = open_origin(named or str(repository))
    if isinstance(origin, DirectoryOrigin) and Places(origin.place).www.is_dir():
        return DirectoryOrigin(Places(origin.place).www)
    return origin


def addresses_of(origin: Origin, document: Repository) -> tuple[str, ...]:
    """Give the addresses that a mirror list may name."""
    if isinstance(origin, DirectoryOrigin):
        return (address_of(origin.place, document),)
    return (origin.address, *([document.base_url.rstrip("/")] if document.base_url else []))


@contextmanager
def trusted_keys(
    document: Repository, *, named: Path | None, home: Path, places: Places, sink: Sink
) -> Iterator[Path]:
    """Give the key ring that was named, or the keys that sign the repository, or those it offers itself."""
    if named is not None:
        if not named.is_file():
            raise BadInputError("cannot read the key ring: there is no such file", where=str(named))
        yield named
        return
    keys = _signing_keys(document, home=home)
    if keys:
        with tempfile.TemporaryDirectory(prefix="modpkg.") as scratch:
            path = Path(scratch, "signing-keys.asc")
            path.write_text(keys, encoding="ascii")
            yield path
        return
    if not places.public_key.is_file():
        raise BadInputError("cannot verify without a key", hint="name one: --keyring FILE")
    sink(
        Warned(
            "the key comes from the repository of the work folder: whoever changed that could change it too",
            hint="name a copy that you trust: --keyring FILE",
        )
    )
    yield places.public_key


def _signing_keys(document: Repository, *, home: Path) -> str:
    wanted = document.signing_keys or (None,)
    found = [find_key(home, fingerprint=fingerprint) for fingerprint in wanted]
    return "".join(public_key(home, fingerprint=key.fingerprint) for key in found if key)
