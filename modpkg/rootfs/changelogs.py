"""What changed in the packages of a module: the newest entries of their changelogs, before the globs remove them."""

from __future__ import annotations

import gzip
import re
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ENTRIES: Final = 3
# A native package has only the second one (Debian Policy 12.7).
NAMES: Final = ("changelog.Debian.gz", "changelog.gz")
# The first line of an entry (deb-changelog(5)): package (version) distributions; metadata.
HEAD: Final = re.compile(r"^\w[-+0-9a-z.]* \([^() \t]+\)(?:\s+[-+0-9a-zA-Z.]+)+;", re.MULTILINE)
LARGEST_BYTES: Final = 16 << 20


def newest_changes(tree: Path, packages: Iterable[str], *, entries: int = ENTRIES) -> str:
    """Give the newest entries of each package's changelog in `tree`, packages in the order of their names."""
    texts = (_newest(tree / "usr/share/doc" / name, entries) for name in sorted(packages))
    return "\n".join(text for text in texts if text)


def _newest(folder: Path, entries: int) -> str:
    # A folder that is a link is that of another package, which tells the same.
    if folder.is_symlink():
        return ""
    text = next(_texts(folder), "")
    heads = [match.start() for match in HEAD.finditer(text)]
    if not heads:
        return ""
    end = heads[entries] if len(heads) > entries else len(text)
    return text[heads[0] : end].rstrip() + "\n"


def _texts(folder: Path) -> Iterator[str]:
    for name in NAMES:
        path = folder / name
        if path.is_file() and not path.is_symlink():
            try:
                with gzip.open(path) as stream:
                    yield stream.read(LARGEST_BYTES).decode(errors="replace")
            except (OSError, EOFError, zlib.error):
                continue  # what cannot be read tells nothing; it is not part of the module's bits
