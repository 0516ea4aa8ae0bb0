"""A package that is being written: it appears under its name when it is whole, or not at all.

It is not forced to the disk: that takes as long as the writing, and a package can be made again. Who publishes
it syncs it before the publication is committed.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from modpkg.host.files import naming, temporary_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE_MODE: Final = 0o644


@contextmanager
def package_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; it takes its place when the block ends without an error."""
    with temporary_directory(path.parent, prefix=f".{path.name}.") as scratch:
        temporary = scratch / path.name
        with naming(path):
            yield temporary
        temporary.chmod(PACKAGE_MODE)
        temporary.replace(path)
