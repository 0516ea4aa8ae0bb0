"""Looks for names in module.json that lead out of an image, or through what is no directory.

Whoever writes a module's own files checks them; this is for a module.json that somebody else wrote. An assembly makes
files by these names, as root.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from modpkg.image.finding import Finding
from modpkg.rootfs.state.conflict import Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from modpkg.model.module import Module

# A part that is nothing, "." or "..", and what no path holds.
ODD_PATH: Final = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|\0")
ODD_NAME: Final = re.compile(r"\.{0,2}|.*[/\0].*", re.DOTALL)
# The same for a text of many paths, each between two NULs: no pattern is as quick as these.
ODD_PARTS: Final = tuple(
    f"{before}{part}{after}" for part in ("", ".", "..") for before in "/\0" for after in "/\0"
)
HINT: Final = "fetch or build the module again"


def shape_findings(modules: Sequence[Module]) -> Iterator[Finding]:
    """Give the odd names of modules, and the paths that lie below a file or a link."""
    for module in modules:
        paths = filter(ODD_PATH.search, (*module.paths, *module.state.lines)) if _has_odd(module) else ()
        for name in (*paths, *filter(ODD_NAME.fullmatch, _names(module))):
            side = (Side(module.name, module.version),)
            yield Finding(about=f"name {name!r}", what="leads out of an image", sides=side, hint=HINT)
    yield from _below_findings(modules)


def _has_odd(module: Module) -> bool:
    text = "\0".join(("", *module.paths, *module.state.lines, ""))
    separators = len(module.paths) + len(module.state.lines) + 1
    return text.count("\0") != separators or any(part in text for part in ODD_PARTS)


def _names(module: Module) -> Iterator[str]:
    if module.kernel is not None:
        yield module.kernel
    for name, alternative in module.state.alternatives.items():
        yield from (name, *alternative.slaves)
        for choice in alternative.choices:
            yield from choice.slaves


def _below_findings(modules: Sequence[Module]) -> Iterator[Finding]:
    lines = {path: line for module in modules for path, line in module.paths.items()}
    parents = {path.rpartition("/")[0] for path in lines}
    wrong = {parent: kind for parent in parents if (kind := _kind_above(parent, lines)) != "dir"}
    if not wrong:
        return
    for module in modules:
        for path in module.paths:
            if there := wrong.get(path.rpartition("/")[0]):
                side = (Side(module.name, module.version),)
                what = f"lies below a {there}, where a directory has to be"
                yield Finding(about=f"/{path}", what=what, sides=side, hint=HINT)


def _kind_above(path: str, lines: Mapping[str, str]) -> str:
    # A directory may be missing in the list, as in an image that was put together by hand.
    while path:
        if line := lines.get(path):
            return line.partition(" ")[0]
        path = path.rpartition("/")[0]
    return "dir"
