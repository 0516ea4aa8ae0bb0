"""A store of its own for one verification: it has the blobs that it is given, checked again, and nothing else.

What the true store worked out before, such as unpacked fragments and records of builds, is not believed.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from modpkg.errors import ModpkgError
from modpkg.host.files import digest_file
from modpkg.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@contextmanager
def borrowed_store(store: Store, digests: Iterable[str]) -> Iterator[Store]:
    """Give a store inside of the scratch space of another one, with some of its blobs; it ends with the block.

    Raises ModpkgError where a blob is missing or damaged.
    """
    with store.scratch() as scratch:
        lone = Store(scratch / "store")
        for digest in sorted(set(digests)):
            _lend(store, lone, digest)
        yield lone


def _lend(store: Store, lone: Store, digest: str) -> None:
    source, target = store.path(digest), lone.path(digest)
    if not source.is_file():
        raise ModpkgError("cannot find what is needed to build again", where=str(source))
    if digest_file(source) != digest:
        raise ModpkgError(
            "cannot use the store: a file in it is damaged",
            where=str(source),
            hint="remove that file: it is fetched or built again",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
