"""Packages to publish: each .deb with the .rpm of the same module. Never trusts the names of files."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from modpkg.deb.read import read_control
from modpkg.errors import BadInputError
from modpkg.model.version import ModuleVersion
from modpkg.pipeline.identity import RPM_ARCHITECTURES, Identity, debian_architecture
from modpkg.yum.read import RpmFacts, read_rpm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from modpkg.pipeline.pool import Pooled

AnyFacts = TypeVar("AnyFacts")
SUFFIXES: Final = frozenset({".deb", ".rpm"})
WRITE_AGAIN: Final = (
    "remove that file: invoke build-module MODULE writes it again; one from elsewhere, copy again"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A .deb and an .rpm of one module, and what they say of themselves.

    `changelog` is that of the .deb, once all of it was read.
    """

    identity: Identity
    deb: Path
    control: Mapping[str, str]
    rpm: Path
    rpm_facts: RpmFacts
    changelog: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledPair:
    """The same, published."""

    deb: Pooled
    rpm: Pooled

    @property
    def identity(self) -> Identity:
        """What it is called."""
        return Identity.of_file(self.deb.file_name)


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with packages: gathered, so that all is told at once."""

    found: list[BadInputError]

    @classmethod
    @contextmanager
    def gathered(cls) -> Iterator[Faults]:
        """Raise BadInputError at the end of the block where a fault was found."""
        faults = cls([])
        yield faults
        if len(faults.found) == 1:
            raise faults.found[0]
        if faults.found:
            lines = "".join(f"\n    {fault.where}: {fault.what}" for fault in faults.found)
            hints = "; ".join(dict.fromkeys(fault.hint for fault in faults.found if fault.hint))
            raise BadInputError(f"cannot publish {len(faults.found)} packages:{lines}", hint=hints)

    @contextmanager
    def of(self, path: Path) -> Iterator[None]:
        """Keep the fault of the block; one that tells no way out is that of a damaged file."""
        try:
            yield
        except BadInputError as error:
            self.found.append(
                BadInputError(error.what, where=error.where or str(path), hint=error.hint or WRITE_AGAIN)
            )


def packages_in(folder: Path) -> list[Path]:
    """Give the .deb and .rpm files of a folder; raises BadInputError where it has none, or cannot be read."""
    try:
        found = [path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES]
    except OSError as error:
        raise BadInputError(f"cannot publish this folder: {error.strerror}", where=str(folder)) from error
    if not found:
        raise BadInputError("cannot publish: there is no .deb and no .rpm", where=str(folder))
    return found


def read_pairs(packages: Sequence[Path]) -> tuple[Pair, ...]:
    """Read packages and bring each .deb together with its .rpm; raises BadInputError on those that are alone."""
    for path in packages:
        if path.suffix not in SUFFIXES:
            raise BadInputError("cannot publish this: it is no .deb and no .rpm", where=str(path))
    debs: dict[Identity, tuple[Path, Mapping[str, str]]] = {}
    rpms: dict[Identity, tuple[Path, RpmFacts]] = {}
    with Faults.gathered() as faults:
        for path in sorted(set(packages), key=str):
            with faults.of(path):
                _check_file(path)
                if path.suffix == ".deb":
                    _keep(debs, *_read_deb(path))
                else:
                    _keep(rpms, *_read_rpm(path))
    with Faults.gathered() as faults:
        for identity in sorted(debs.keys() ^ rpms.keys()):
            path, other = (debs[identity][0], ".rpm") if identity in debs else (rpms[identity][0], ".deb")
            with faults.of(path):
                raise BadInputError(
                    f"cannot publish {identity} without its {other}",
                    where=str(path),
                    hint="give both packages",
                )
    return tuple(_pair(identity, debs[identity], rpms[identity]) for identity in sorted(debs))


def _check_file(path: Path) -> None:
    # To open a pipe would be to wait without an end.
    try:
        is_file = path.is_file()
        path.stat()
    except OSError as error:
        raise BadInputError(f"cannot read the package: {error.strerror}", where=str(path)) from error
    if not is_file:
        raise BadInputError("cannot read the package: it is no file", where=str(path))


def _keep(
    found: dict[Identity, tuple[Path, AnyFacts]], identity: Identity, facts: tuple[Path, AnyFacts]
) -> None:
    if identity in found:
        path, other = facts[0], found[identity][0]
        message = f"cannot publish {identity} twice: {other.name} and {path.name} hold it"
        raise BadInputError(message, where=str(path), hint="remove one of them")
    found[identity] = facts


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
