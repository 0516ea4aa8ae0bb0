"""Packages to publish: each .deb with the .rpm of the same module. Never trusts the names of files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.deb.read import read_control
from modpkg.errors import BadInputError
from modpkg.model.version import ModuleVersion
from modpkg.yum.read import RpmFacts, read_rpm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from modpkg.model.module import Module
    from modpkg.pipeline.pool import Pooled

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A .deb and an .rpm of one module, and what they say of themselves."""

    identity: Identity
    deb: Path
    control: Mapping[str, str]
    rpm: Path
    rpm_facts: RpmFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledPair:
    """The same, published."""

    deb: Pooled
    rpm: Pooled

    @property
    def identity(self) -> Identity:
        """What it is called."""
        return Identity.of_file(self.deb.file_name)


def read_pairs(packages: Sequence[Path]) -> tuple[Pair, ...]:
    """Read packages and bring each .deb together with its .rpm; raises BadInputError on one that is alone."""
    for path in packages:
        if path.suffix not in {".deb", ".rpm"}:
            raise BadInputError("cannot publish this: it is no .deb and no .rpm", where=str(path))
    paths = sorted(set(packages))
    debs = dict(_read_deb(path) for path in paths if path.suffix == ".deb")
    rpms = dict(_read_rpm(path) for path in paths if path.suffix == ".rpm")
    for identity in sorted(debs.keys() ^ rpms.keys()):
        path, other = (debs[identity][0], ".rpm") if identity in debs else (rpms[identity][0], ".deb")
        raise BadInputError(
            f"cannot publish {identity} without its {other}", where=str(path), hint="give both packages"
        )
    if len(debs) + len(rpms) != len(paths):
        raise BadInputError("cannot publish a package twice: two files hold the same name and version")
    return tuple(_pair(identity, debs[identity], rpms[identity]) for identity in sorted(debs))


def _pair(identity: Identity, deb: tuple[Path, Mapping[str, str]], rpm: tuple[Path, RpmFacts]) -> Pair:
    return Pair(
        identity=identity,
        deb=deb[0],
        control=deb[1],
        rpm=rpm[0],
        rpm_facts=rpm[1],
    )


def _read_deb(path: Path) -> tuple[Identity, tuple[Path, Mapping[str, str]]]:
    control = read_control(path)
    return _identity(path, control["Package"], control["Version"], control["Architecture"]), (path, control)


def debian_architecture(machine: str) -> str:
    """Give Debian's name of an architecture of rpm; one that modpkg does not know stays as it is."""
    return next((name for name, rpm in RPM_ARCHITECTURES.items() if rpm == machine), machine)


def _read_rpm(path: Path) -> tuple[Identity, tuple[Path, RpmFacts]]:
    facts = read_rpm(path)
    architecture = debian_architecture(facts.architecture)
    return _identity(path, facts.name, f"{facts.version}-{facts.release}", architecture), (path, facts)


def _identity(path: Path, name: str, version: str, architecture: str) -> Identity:
    if architecture not in RPM_ARCHITECTURES:
        raise BadInputError(
            f"cannot publish a package for {architecture}",
            where=str(path),
            hint=f"modpkg knows {', '.join(sorted(RPM_ARCHITECTURES))}",
        )
    try:
        return Identity(name, ModuleVersion.parse(version), architecture)
    except BadInputError as error:
        raise BadInputError(
            f"cannot publish {name}: {error.what}", where=str(path), hint=error.hint
        ) from error
