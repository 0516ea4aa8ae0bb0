"""How modules stand to each other, in names that packages use; the same in a .deb and an .rpm.

Pure. A module or role of one platform is `modpkg-module-<name>-<platform>`. A package may conflict with a
role that it provides itself, which makes the role exclusive in both package managers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from modpkg.model.module import Module

ANY_MODULE: Final = "modpkg-module"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """The name of another package and, if it matters, the one version that satisfies."""

    name: str
    version: str = ""


def requires(module: Module) -> tuple[Relation, ...]:
    """Give the lower modules, each in exactly the version that the module was built on."""
    found = {package_name(lower.name, module.platform): lower.version for lower in module.depends}
    return tuple(Relation(name=name, version=version) for name, version in sorted(found.items()))


def provides(module: Module) -> tuple[Relation, ...]:
    """Give the names by which others find the module: any module, its own name, its roles."""
    own = [ANY_MODULE, f"{ANY_MODULE}-{module.name}"]
    roles = [f"{ANY_MODULE}-{role}" for role in module.provides]
    bound = [package_name(role, module.platform) for role in module.provides]
    names = sorted({*own, *roles, *bound} - {module.package_name})
    return tuple(Relation(name=name, version=module.version) for name in names)


def conflicts(module: Module) -> tuple[Relation, ...]:
    """Give the modules and roles of the same platform that cannot stand beside this one."""
    names = sorted({package_name(name, module.platform) for name in module.conflicts})
    return tuple(Relation(name=name) for name in names)


def package_name(name: str, platform: str) -> str:
    """Give the package name of a module or role on a platform."""
    return f"{ANY_MODULE}-{name}-{platform}"
