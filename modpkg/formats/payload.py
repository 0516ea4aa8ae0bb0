"""What a module's package holds, as values: the same files in a .deb and an .rpm.

Nothing here reads or writes a file; the fragment is an entry without content that the writers copy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from modpkg.errors import BadInputError, ModpkgError
from modpkg.formats.canonical import canonical_json
from modpkg.formats.package_docs import changelog_text, copyright_text, package_list
from modpkg.formats.reading import FRAGMENT, MODULE
from modpkg.formats.stored import frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from modpkg.model.module import Module

DOCUMENT_NAME: Final = re.compile(r"[a-z0-9][a-zA-Z0-9.-]*")
# Directories that every distribution has: a .deb lists them, an .rpm leaves them to their owner.
BASE_DIRECTORIES: Final = frozenset({"usr", "usr/share", "usr/share/doc"})
DIRECTORY_MODE: Final = 0o40755
FILE_MODE: Final = 0o100644


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file or directory of a package. The path has no leading slash; a fragment's content is a file."""

    path: str
    kind: Literal["directory", "file", "fragment"]
    size: int = 0
    content: bytes = b""

    @property
    def mode(self) -> int:
        """Type and permissions, as stat(2) gives them."""
        return DIRECTORY_MODE if self.kind == "directory" else FILE_MODE


def entries(module: Module, documents: Mapping[str, bytes], *, changelog: str) -> tuple[Entry, ...]:
    """Give all that a package of `module` holds, sorted by path, directories before their files.

    The fragment stands last: module.json can be read without passing it, and tells what it has to be.
    `documents` are files for /usr/share/doc by name; those that end in .gz are given plain and framed here.
    `changelog` is the name that the format has for the changelog of a package.
    """
    own = {
        changelog: changelog_text(module),
        "copyright": copyright_text(module),
        "packages.gz": package_list(module),
    }
    texts = {name: text.encode() for name, text in own.items()}
    _check_names(documents, taken=texts)
    files = dict(_files(module, {**documents, **texts}))
    found = [Entry(path=path, kind="directory") for path in _parents(files)]
    found += [Entry(path=path, kind="file", size=len(data), content=data) for path, data in files.items()]
    found.sort(key=lambda entry: entry.path.split("/"))
    fragment = Entry(path=f"{module.directory}/{FRAGMENT}", kind="fragment", size=module.fragment.size)
    return (*found, fragment)


def check_fragment(module: Module, fragment: Path, *, size: int | None = None, sha256: str = "") -> None:
    """Raise BadInputError where a measured size or digest is not what module.json says."""
    named = module.fragment
    if size not in (None, named.size) or sha256 not in ("", named.sha256):
        raise BadInputError(
            f"cannot pack the module {module.name}: the file is not the fragment that its {MODULE} names",
            where=str(fragment),
            hint="remove that file and build the module again",
        )


def _check_names(documents: Mapping[str, bytes], *, taken: Mapping[str, bytes]) -> None:
    for name in documents:
        if not DOCUMENT_NAME.fullmatch(name):
            raise ModpkgError(f"cannot put {name!r} into a package: it is not a plain file name")
        if name in taken:
            raise ModpkgError(f"cannot put {name!r} into a package: it has a file of this name already")


def _files(module: Module, documents: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    yield f"{module.directory}/{MODULE}", canonical_json(module).encode()
    for name, data in documents.items():
        path = f"usr/share/doc/{module.package_name}/{name}"
        yield path, frame(data) if name.endswith(".gz") else data


def _parents(paths: Mapping[str, bytes]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        words = path.split("/")
        found.update("/".join(words[:count]) for count in range(1, len(words)))
    return found
