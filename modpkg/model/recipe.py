"""The recipe document: what a module is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from modpkg.model.document import Document, Glob, Name, PackageName

AbsolutePath = Annotated[str, StringConstraints(pattern=r"^/([^/]+(/[^/]+)*)?$")]
FileMode = Annotated[str, StringConstraints(pattern=r"^0[0-7]{3,4}$")]
Upstream = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$")]
Unit = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_.@\\-]+\.[a-z]+$")]


class FileInfo(Document):
    """Mode and owner of a file that a recipe ships."""

    mode: FileMode = "0644"
    owner: str = "root"
    group: str = "root"


class Content(Document):
    """One entry of `contents`: a file, tree, directory or link that the recipe adds."""

    src: str | None = None
    dst: AbsolutePath
    type: Literal["file", "tree", "dir", "symlink"] = "file"
    file_info: FileInfo = FileInfo()


class Services(Document):
    """Units to enable, disable or mask in the image."""

    enable: tuple[Unit, ...] = ()
    disable: tuple[Unit, ...] = ()
    mask: tuple[Unit, ...] = ()


class Test(Document):
    """One command that must succeed in the booted image; `stdout` is a regular expression it must print."""

    name: str
    run: str = Field(min_length=1)
    stdout: str | None = None


class Recipe(Document):
    """`recipes/modules/<module>/recipe.yaml`.

    `accounts` are the users and groups that package scripts make, their ids in the platform's table.
    `exclude` are globs of files left out, `include` exceptions to it; `kernel_modules` are globs of drivers left
    out, below the kernel's module directory, unless a driver that stays needs them. `replaces` are paths of lower
    modules that this one may change. `initramfs_modules` are drivers the initrd needs. `waits_for_site` are units
    that fail until the site gives them their keys.
    """

    name: Name
    version: Upstream
    summary: str = Field(min_length=1, max_length=80)
    description: str
    license: str
    homepage: str = Field(pattern=r"^https?://")
    maintainer: str = Field(pattern=r"^[^<>]+ <[^<>@ ]+@[^<>@ ]+>$")
    platforms: tuple[Name, ...] = Field(min_length=1)
    depends: tuple[Name, ...] = ()
    conflicts: tuple[Name, ...] = ()
    provides: tuple[Name, ...] = ()
    packages: dict[Name, tuple[PackageName, ...]] | tuple[PackageName, ...] = ()
    accounts: tuple[str, ...] = ()
    exclude: tuple[Glob, ...] = ()
    include: tuple[Glob, ...] = ()
    replaces: tuple[AbsolutePath, ...] = ()
    contents: tuple[Content, ...] = ()
    services: Services = Services()
    kernel_modules: tuple[str, ...] = ()
    initramfs_modules: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    waits_for_site: tuple[Unit, ...] = ()
    test: tuple[Test, ...] = ()

    def packages_for(self, platform: str) -> tuple[str, ...]:
        """Give the packages that this recipe asks for on a platform."""
        if isinstance(self.packages, dict):
            return self.packages.get(platform, ())
        return self.packages
