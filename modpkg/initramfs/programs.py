"""Programs of the image for its initrd, with the libraries that they need.

A module names them in a file of `usr/lib/modpkg/initramfs.d/`: lines of `program PATH` and `module NAME`.
Only reads the tree; follows its links inside it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.initramfs import cpio
from modpkg.initramfs.elf import needs_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modpkg.initramfs.files import Files

LISTS: Final = "usr/lib/modpkg/initramfs.d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What modules of the image want in its initrd: paths of programs, names of kernel modules."""

    programs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


def read_extras(files: Files) -> Extras:
    """Read all lists of an image, sorted; raises ModpkgError that names file and line."""
    found: dict[str, list[str]] = {"program": [], "module": []}
    for name in files.names(LISTS):
        if not name.endswith(".list"):
            continue
        path = f"{LISTS}/{name}"
        for number, line in enumerate(files.read(path).decode().splitlines(), start=1):
            words = line.split()
            if not words or line.startswith("#"):
                continue
            if len(words) != 2 or words[0] not in found:  # noqa: PLR2004 - a kind and a name
                what = f"cannot read line {number}, {line!r}: write `program PATH` or `module NAME`"
                raise ModpkgError(what, where=files.where(path))
            found[words[0]].append(words[1])
    return Extras(
        programs=tuple(dict.fromkeys(found["program"])), modules=tuple(dict.fromkeys(found["module"]))
    )


def program_members(files: Files, programs: Sequence[str]) -> Iterator[cpio.Member]:
    """Give programs as `/usr/sbin/<name>`, with each library and loader that they need, once."""
    folders = _library_folders(files)
    waiting: list[tuple[str, str]] = [(f"usr/sbin/{PurePosixPath(path).name}", path) for path in programs]
    known: set[str] = set()
    while waiting:
        target, path = waiting.pop()
        if target in known:
            continue
        known.add(target)
        data = _read(files, path)
        yield cpio.file(target, data, mode=0o755)
        try:
            needs = needs_of(data)
        except ValueError as error:
            raise ModpkgError(
                f"cannot put {path} into the initrd: {error}", where=files.where(path.lstrip("/"))
            ) from error
        if needs.loader:
            waiting.append((needs.loader.lstrip("/"), needs.loader))
        for name in needs.libraries:
            library = _find_library(files, folders, name, user=path)
            waiting.append((library, library))


def _library_folders(files: Files) -> tuple[str, ...]:
    multiarch = [f"usr/lib/{name}" for name in files.names("usr/lib") if name.endswith("-linux-gnu")]
    return (*multiarch, "usr/lib64", "usr/lib")


def _find_library(files: Files, folders: Sequence[str], name: str, *, user: str) -> str:
    for folder in folders:
        if files.resolve(f"{folder}/{name}") is not None:
            return f"{folder}/{name}"
    raise ModpkgError(
        f"cannot find the library {name}, which {user} needs", where=files.where(user.lstrip("/"))
    )


def _read(files: Files, path: str) -> bytes:
    place = files.resolve(path)
    if place is None:
        hint = f"correct the list in /{LISTS}, or add the package that has it"
        where = files.where(path.lstrip("/"))
        raise ModpkgError(f"cannot find {path}, which the initrd needs", where=where, hint=hint)
    return files.read(place)
