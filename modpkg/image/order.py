"""The order in which modules lie on each other. It is a function of the set, not of how it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from modpkg.model.module import Module


def in_order(modules: Iterable[Module]) -> tuple[Module, ...]:
    """Give modules from the lowest to the highest: core, then every module above those that it was built on."""
    # A module names all modules below it, indirect ones too, so one with fewer never lies on one with more.
    return tuple(
        sorted(modules, key=lambda module: (module.name != "core", len(module.depends), module.name))
    )
