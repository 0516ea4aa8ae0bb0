"""The recipe document: what a module is made of."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from modpkg.model.document import (
    AbsolutePath,
    Account,
    Document,
    Glob,
    Line,
    Name,
    PackageName,
    Person,
    Upstream,
    Url,
    Word,
)

MODE_PATTERN: Final = r"^0[0-7]{3,4}$"
UNIT_PATTERN: Final = r"^[A-Za-z0-9:_.@\\-]+\.[a-z]+$"


def _compiles(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from error
    return text


FileMode = Annotated[str, StringConstraints(pattern=MODE_PATTERN)]
Unit = Annotated[str, StringConstraints(pattern=UNIT_PATTERN)]
RegularExpression = Annotated[str, AfterValidator(_compiles)]


class FileInfo(Document):
    """Mode and owner of a file that a recipe ships."""

    mode: FileMode = "0644"
    owner: Account = "root"
    group: Account = "root"


class Content(Document):
    """One entry of `contents`: a file, tree, directory or link that the recipe adds."""

    src: Line | None = None
    dst: AbsolutePath
    type: Literal["file", "tree", "dir", "symlink"] = "file"
    file_info: FileInfo = FileInfo()


class Services(Document):
    """Units to enable, disable or mask in the image."""

    enable: tuple[Unit, ...] = ()
    disable: tuple[Unit, ...] = ()
    mask: tuple[Unit, ...] = ()


Packages = dict[Name, tuple[PackageName, ...]] | tuple[PackageName, ...]


class Build(Document):
    """What is needed to build alone: packages that leave nothing in the module, and scripts that use them.

    Of what the scripts do, only what lies below `$DESTDIR` at their end is the module's.
    """

    packages: Packages = ()
    scripts: tuple[Line, ...] = ()


class Test(Document):
    """One command that must succeed in the booted image; `stdout` is a regular expression it must print."""

    name: Line
    run: str = Field(min_length=1)
    stdout: RegularExpression | None = None


class Recipe(Document):
    """`recipes/modules/<module>/recipe.yaml`.

    `accounts` are the users and groups that package scripts make, their ids in the platform's table.
    `exclude` are globs of files left out, `include` exceptions to it; `kernel_modules` are globs of drivers left
    out, below the kernel's module directory, unless a driver that stays needs them. `replaces` are paths of lower
    modules that this one may change. `initramfs_modules` are drivers the initrd needs. `waits_for_site` are units
    that fail until the site gives them their keys. `build` is what only its making needs; what is
    `on_demand` is built and published only by its name, never with all others.
    """

    name: Name
    version: Upstream
    summary: Line = Field(max_length=80)
    description: str
    license: Line
    homepage: Url
    maintainer: Person
    platforms: tuple[Name, ...] = Field(min_length=1)
    on_demand: bool = False
    depends: tuple[Name, ...] = ()
    conflicts: tuple[Name, ...] = ()
    provides: tuple[Name, ...] = ()
    packages: Packages = ()
    build: Build = Build()
    accounts: tuple[Account, ...] = ()
    exclude: tuple[Glob, ...] = ()
    include: tuple[Glob, ...] = ()
    replaces: tuple[AbsolutePath, ...] = ()
    contents: tuple[Content, ...] = ()
    services: Services = Services()
    kernel_modules: tuple[Word, ...] = ()
    initramfs_modules: tuple[Word, ...] = ()
    scripts: tuple[Line, ...] = ()
    waits_for_site: tuple[Unit, ...] = ()
    test: tuple[Test, ...] = ()

    def packages_for(self, platform: str) -> tuple[str, ...]:
        """Give the packages that this recipe asks for on a platform."""
        return _on(platform, self.packages)

    def build_packages_for(self, platform: str) -> tuple[str, ...]:
        """Give the packages that are there while it is built on a platform, and not in the module."""
        return _on(platform, self.build.packages)


def _on(platform: str, packages: Packages) -> tuple[str, ...]:
    return packages.get(platform, ()) if isinstance(packages, dict) else packages
