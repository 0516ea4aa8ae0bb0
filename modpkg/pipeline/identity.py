"""What published packages are called. Reads no package: a name of a file of the pool tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.model.version import ModuleVersion

if TYPE_CHECKING:
    from modpkg.model.module import Module

RPM_ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "aarch64", "all": "noarch"}


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """What a published package is called; no two packages share it. The architecture is Debian's name."""

    name: str
    version: ModuleVersion
    architecture: str

    @property
    def deb_name(self) -> str:
        """The file name of its .deb."""
        return f"{self.name}_{self.version}_{self.architecture}.deb"

    @property
    def rpm_name(self) -> str:
        """The file name of its .rpm."""
        return f"{self.name}-{self.version}.{RPM_ARCHITECTURES[self.architecture]}.rpm"

    @classmethod
    def of_file(cls, file_name: str) -> Identity:
        """Read the file name of a package of the pool."""
        if file_name.endswith(".deb"):
            name, version, architecture = file_name.removesuffix(".deb").split("_")
        else:
            rest, _, machine = file_name.removesuffix(".rpm").rpartition(".")
            name, upstream, revision = rest.rsplit("-", 2)
            version, architecture = f"{upstream}-{revision}", debian_architecture(machine)
        return cls(name, ModuleVersion.parse(version), architecture)

    @classmethod
    def of_module(cls, module: Module) -> Identity:
        """Give what the packages of a module are called."""
        return cls(module.package_name, ModuleVersion.parse(module.version), module.architecture)

    def __str__(self) -> str:
        return f"{self.name} {self.version} {self.architecture}"


def debian_architecture(machine: str) -> str:
    """Give Debian's name of an architecture of rpm; one that modpkg does not know stays as it is."""
    return next((name for name, rpm in RPM_ARCHITECTURES.items() if rpm == machine), machine)
