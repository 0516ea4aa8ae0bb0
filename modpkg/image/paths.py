"""Looks for paths that two modules have with other content, mode or owner."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from modpkg.image.finding import Finding
from modpkg.rootfs.generated.choose import at_assembly
from modpkg.rootfs.state.conflict import Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from modpkg.model.module import Module
    from modpkg.rootfs.generated.generator import Generator

DIGEST_SHOWN: Final = 12
MERGED_USR_HINT: Final = "core has a symlink there: put the files where it leads, such as below /usr"
HINT: Final = "keep one of them out by `exclude`, or build one module on the other and declare `replaces`"
DRIVERS: Final = "usr/lib/modules/"


def plain(line: str) -> str:
    """Give the line of a path without its hard links: which names a group has is no property of one path."""
    return line.partition(" link=")[0]


def union(modules: Sequence[Module]) -> dict[str, str]:
    """Give what lies at each path when modules, lowest first, are stacked."""
    return {path: plain(line) for module in modules for path, line in module.paths.items()}


def path_findings(modules: Sequence[Module]) -> Iterator[Finding]:
    """Give the paths about which modules, lowest first, disagree, but those that are made anew from all of them."""
    owners: dict[str, Module] = {}
    anew = _MadeAnew(modules)
    for module in modules:
        below = {lower.name for lower in module.depends}
        # Few of many thousands are in two modules.
        for path in owners.keys() & module.paths.keys():
            owner, line = owners[path], module.paths[path]
            other = owner.paths[path]
            is_declared = owner.name in below and f"/{path}" in module.replaces
            if plain(line) != plain(other) and not (is_declared or path in anew):
                yield _finding(path, {owner.name: other, module.name: line})
        owners.update(dict.fromkeys(module.paths, module))


class _MadeAnew:
    """The paths that an assembly makes anew. Most sets of modules never ask, and to find out takes a while."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self._modules = modules

    @cached_property
    def _generators(self) -> frozenset[Generator]:
        return frozenset(command.generator for command in at_assembly(self._modules))

    def __contains__(self, path: str) -> bool:
        return any(generator.made(path) for generator in self._generators)


def driver_findings(modules: Sequence[Module]) -> Iterator[Finding]:
    """Give the modules with drivers for a kernel that is not in the set, and kernels beside the first."""
    kernels = {module.name: module.kernel for module in modules if module.kernel}
    if len(kernels) > 1:
        sides = tuple(Side(name, f"kernel {release}") for name, release in sorted(kernels.items()))
        yield Finding(about="kernel", what="there can be one", sides=sides)
    for module in modules:
        for release in sorted(_releases(module.paths) - set(kernels.values())):
            sides = tuple(Side(name, f"kernel {kernel}") for name, kernel in sorted(kernels.items()))
            yield Finding(
                about=f"/{DRIVERS}{release}",
                what=f"{module.name} has drivers for a kernel that the image has not",
                sides=sides,
            )


def _releases(paths: Mapping[str, str]) -> set[str]:
    inside = (path.removeprefix(DRIVERS) for path in paths if path.startswith(DRIVERS))
    return {path.partition("/")[0] for path in inside}


def _finding(path: str, lines: dict[str, str]) -> Finding:
    sides = tuple(Side(module, _shown(line)) for module, line in sorted(lines.items()))
    words = [plain(line).split() for line in lines.values()]
    kinds = {word[0] for word in words}
    names = {0: "type"} if len(kinds) > 1 else {1: "mode", 2: "owner", 3: "group"}
    differing = [name for index, name in names.items() if len({word[index] for word in words}) > 1]
    if len(kinds) == 1 and len({tuple(word[4:]) for word in words}) > 1:
        differing.append("content")
    what = f"{' and '.join(differing)} differ{'s' if len(differing) == 1 else ''}"
    hint = MERGED_USR_HINT if kinds == {"dir", "symlink"} else HINT
    return Finding(about=f"/{path}", what=what, sides=sides, hint=hint)


def _shown(line: str) -> str:
    words = plain(line).split()
    if words[0] == "file":
        words[5] = words[5][:DIGEST_SHOWN]
    return " ".join(words)
