"""Which files of a kernel's module directory a set of modules needs, read from depmod's own tables.

Only reads; runs no program and loads nothing.
"""

from __future__ import annotations

import gzip
import lzma
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, ModpkgError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from modpkg.initramfs.files import Files

# These aliases name a service of the kernel, not a device: no device will ever ask for the module.
NOT_HARDWARE: Final = ("devname:", "char-major-", "block-major-", "fs-", "net-pf-", "crypto-", "rtnl-link-")


def module_name(path_or_name: str) -> str:
    """Give the kernel's name of a module: no directory, no suffix, underscores."""
    return path_or_name.rpartition("/")[2].partition(".")[0].replace("-", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleTable:
    """What depmod knows: the files, what each needs, what is built in, which aliases ask for which module.

    `directory` is a path of the image that `image` reads, and so are those in `files` below it.
    """

    image: Files
    directory: str
    files: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]]
    built_in: frozenset[str]
    aliases: tuple[tuple[str, str], ...]

    def has(self, name: str) -> bool:
        """Tell whether the kernel has the module, as a file or built in."""
        return module_name(name) in self.files or module_name(name) in self.built_in

    def closure(self, names: Iterable[str]) -> tuple[str, ...]:
        """Give the named modules and all that they need, sorted; built-in ones fall away.

        Raises BadInputError that names every module that the kernel does not have.
        """
        wanted = [module_name(name) for name in names]
        missing = sorted({name for name in wanted if not self.has(name)})
        if missing:
            raise BadInputError(
                f"cannot find kernel module {', '.join(map(repr, missing))}",
                where=self.image.where(self.directory),
                hint="correct the name in initramfs-modules, or keep its file in the recipe of the kernel",
            )
        found = {name for name in wanted if name in self.files}
        return tuple(sorted(found | {need for name in found for need in self.needs[name]}))

    def for_hardware(self, names: Iterable[str]) -> set[str]:
        """Give those of the modules that devices ask for, so that they need not be loaded before one does."""
        wanted = {module_name(name) for name in names}
        return {
            module
            for pattern, module in self.aliases
            if module in wanted and ":" in pattern and not pattern.startswith(NOT_HARDWARE)
        }

    def read(self, name: str) -> bytes:
        """Give a module's content, uncompressed."""
        path = f"{self.directory}/{self.files[name]}"
        try:
            data = self.image.read(path)
        except FileNotFoundError as error:
            raise ModpkgError(
                f"cannot read kernel module {name!r}: modules.dep names it, the tree lacks it",
                where=self.image.where(path),
                hint="run depmod for this tree",
            ) from error
        return _uncompressed(path, data, self.image.where(path))


def read_table(image: Files, directory: str) -> ModuleTable:
    """Read modules.dep, modules.builtin and modules.alias of `usr/lib/modules/<kernel>`."""
    pairs = [line.split(":", 1) for line in _lines(image, f"{directory}/modules.dep")]
    files = {module_name(path): path for path, _ in pairs}
    needs = {module_name(path): tuple(module_name(need) for need in rest.split()) for path, rest in pairs}
    built_in = frozenset(module_name(line) for line in _lines(image, f"{directory}/modules.builtin"))
    words = [line.split() for line in _lines(image, f"{directory}/modules.alias")]
    aliases = tuple((line[1], line[2]) for line in words if line[0] == "alias")
    return ModuleTable(
        image=image, directory=directory, files=files, needs=needs, built_in=built_in, aliases=aliases
    )


def _lines(image: Files, path: str) -> list[str]:
    try:
        text = image.read(path).decode()
    except FileNotFoundError as error:
        raise ModpkgError(
            f"cannot read {PurePosixPath(path).name}",
            where=image.where(path),
            hint="the image needs a kernel, and depmod's tables",
        ) from error
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _uncompressed(path: str, data: bytes, where: str) -> bytes:
    # Decompression gives the same bytes whatever the tool's version is; compressed ones would differ.
    suffix = PurePosixPath(path).suffix
    if suffix == ".ko":
        return data
    if suffix == ".xz":
        return lzma.decompress(data)
    if suffix == ".gz":
        return gzip.decompress(data)
    raise ModpkgError(f"cannot uncompress a kernel module with the suffix {suffix!r}", where=where)
