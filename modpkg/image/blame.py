"""Which module of an image a path is from, and whether it is the module's own or made at assembly. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from modpkg.image.order import in_order
from modpkg.image.paths import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modpkg.model.module import Module

Part = Literal["fragment", "glue", "nothing"]
GLUE: Final = "glue"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who brings a path: a module by its fragment, the assembly by its glue, or nobody.

    `module` is "glue" for what the assembly makes, also in the place of a module's file, and "" for nobody's.
    """

    module: str
    version: str
    part: Part


@dataclass(frozen=True, slots=True)
class Owners:
    """The topmost module of each path of an image."""

    paths: Mapping[str, tuple[Module, str]]

    @classmethod
    def of(cls, modules: Sequence[Module]) -> Owners:
        """Stack modules as an image does."""
        return cls({path: (m, plain(line)) for m in in_order(modules) for path, line in m.paths.items()})

    def owner(self, path: str, line: str) -> Owner:
        """Give who brings what lies at a path; `line` describes it as the image should have it."""
        if not line:
            return Owner("", "", "nothing")
        module, own = self.paths.get(path, (None, ""))
        # The glue lies on top: what differs from the module's own is the assembly's.
        if module is None or not _same(own, line):
            return Owner(GLUE, "", "glue")
        return Owner(module.name, module.version, "fragment")


def _same(own: str, line: str) -> bool:
    # A directory has no content: the assembly gives all of them one time and takes the rest as it is.
    return own == line or (own.startswith("dir ") and line.startswith("dir "))
