"""module.json: all that is known about one built module, apart from the bytes of its fragment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modpkg.model.document import Name, Record, Sha256

ASSEMBLY_FORMAT = 2
MODULE_SCHEMA = 1
Mark = Literal["fast", "unreleased"]


class Fragment(Record):
    """The squashfs of a module; sizes in bytes."""

    sha256: Sha256
    size: int
    uncompressed_size: int
    compression: str
    level: int
    block_size: int


class IncludedPackage(Record):
    """A distribution package whose files are in the fragment. `license` is an SPDX name or ""."""

    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    sha256: Sha256
    license: str = ""


class LowerModule(Record):
    """A module that this one was built on, exactly."""

    name: Name
    version: str
    fragment: Sha256


class Choice(Record):
    """One choice of an alternative: the program, its priority, its slaves as {name: target}.

    `missing` names slaves for which update-alternatives made no link, as their files were not there.
    """

    path: str
    priority: int
    slaves: dict[str, str] = Field(default_factory=dict)
    missing: tuple[str, ...] = ()


class Alternative(Record):
    """What a module adds to one name of update-alternatives.

    `link` is where users find it, `slaves` maps the names that follow it to their links. `selected` is the
    path that was chosen by hand; without one the highest priority wins.
    """

    link: str
    slaves: dict[str, str] = Field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    selected: str | None = None


class State(Record):
    """A module's share of databases that several modules write.

    `lines` maps the path of a database, without a leading slash, to the records that the module adds, sorted;
    records have no newline at their end. A path with no records is a database that the module makes empty.
    `members` maps a path to {group of a lower module: users that the module adds}. `stanzas` are dpkg's
    status records, by package. `alternatives` are by name. `services` are those of nsswitch.conf, by database,
    for each database that the module changes; all in their order.
    """

    stanzas: tuple[str, ...] = ()
    lines: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    members: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)
    alternatives: dict[str, Alternative] = Field(default_factory=dict)
    services: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class ModuleTest(Record):
    """A command that must succeed in the booted image, and what it must print."""

    name: str
    run: str
    stdout: str | None = None


class ChangelogEntry(Record):
    """One release of the module, as packages and images show it."""

    version: str
    date: str
    author: str
    urgency: str
    changes: tuple[str, ...]


class Module(Record):
    """One built module.

    `paths` maps each path of the fragment, without a leading slash, to a line of
    "type mode uid gid" and then, for a file, "size sha256"; for a symlink, its target; for a device,
    "major:minor". Extended attributes follow as "name=hex" words. `replaces` are absolute paths of lower
    modules that this one may change.
    """

    schema_version: int = MODULE_SCHEMA
    assembly_format: int = ASSEMBLY_FORMAT
    name: Name
    version: str
    platform: Name
    architecture: str
    source_date_epoch: int
    inputs: Sha256
    marks: tuple[Mark, ...] = ()
    summary: str
    description: str
    license: str
    homepage: str
    maintainer: str
    depends: tuple[LowerModule, ...] = ()
    conflicts: tuple[Name, ...] = ()
    provides: tuple[Name, ...] = ()
    replaces: tuple[str, ...] = ()
    changelog: tuple[ChangelogEntry, ...]
    fragment: Fragment
    packages: tuple[IncludedPackage, ...]
    kernel: str | None = None
    initramfs_modules: tuple[str, ...] = ()
    waits_for_site: tuple[str, ...] = ()
    tests: tuple[ModuleTest, ...] = ()
    state: State = State()
    paths: dict[str, str]

    @property
    def package_name(self) -> str:
        """The name of the .deb and .rpm that hold this module."""
        return f"modpkg-module-{self.name}-{self.platform}"

    @property
    def directory(self) -> str:
        """Where a package puts the module, without a leading slash."""
        return f"usr/share/modpkg/modules/{self.platform}/{self.name}"
