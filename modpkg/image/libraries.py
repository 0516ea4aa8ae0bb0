"""The cache of libraries, made by the image's own ldconfig over the libraries alone: no other file is unpacked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.files import remove_tree
from modpkg.host.mounts import in_memory
from modpkg.host.run import run
from modpkg.image.links import resolve, target_of
from modpkg.rootfs.generated.table import LIBRARY_NAME
from modpkg.rootfs.inventory import memory_size

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.image.view import View
    from modpkg.rootfs.generated.choose import Command

CACHE: Final = "etc/ld.so.cache"
CONFIGURATION: Final = r"etc/ld\.so\.conf(\.d/[^/]+)?"
READ_BY_LDCONFIG: Final = re.compile(rf"(?:.*/)?(?:{LIBRARY_NAME})|{CONFIGURATION}")
# In the head of an ELF file: a program that names a loader needs libraries.
HEAD_BYTES: Final = 4096
ELF: Final = b"\x7fELF"
LOADER: Final = b"/ld-"


def needed(lines: Mapping[str, str], program: str) -> tuple[set[str], dict[str, str]]:
    """Give what ldconfig reads of an image with these lines: paths of files, and links as {path: target}."""
    links, files = {}, {program}
    for path, line in lines.items():
        wanted = READ_BY_LDCONFIG.fullmatch(path)
        if line.startswith("symlink "):
            end = resolve(path, lines)
            # Directories are searched by any of their names.
            if end is not None and (wanted or lines[end].startswith("dir ")):
                links[path] = str(target_of(line))
                files.add(end)
        elif wanted and line.startswith("file "):
            files.add(path)
    return {path for path in files if lines[path].startswith("file ")}, links


def make_cache(
    glue: Path, *, view: View, lines: Mapping[str, str], command: Command, work: Path, sink: Sink
) -> None:
    """Write the cache for the libraries of `view` into `glue`. `work` does not exist, and is gone in the end."""
    program = command.argv[0].lstrip("/")
    files, links = needed(lines, program)
    size = memory_size({path: lines[path] for path in files})
    with in_memory(work, needed=size):
        root = work / "root"
        (root / "etc").mkdir(parents=True)
        view.extract({program}, root)
        # What ldconfig does not look at is a third to two thirds of all blocks.
        view.outline(files - {program}, root)
        for path, target in links.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).symlink_to(target)
        (root / "var/cache/ldconfig").mkdir(parents=True)
        _require_static(root / program)
        run(["chroot", root, *command.argv], sink=sink)
        (glue / CACHE).write_bytes((root / CACHE).read_bytes())
        (glue / CACHE).chmod(0o644)
    remove_tree(work)


def _require_static(program: Path) -> None:
    with program.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head.startswith(ELF) or LOADER in head:
        raise ModpkgError(
            f"cannot run {program.name} of this image apart: it is not a static program",
            hint="--merge recompress runs it inside the whole image",
        )
