"""Where things lie below the work directory. It names paths and touches nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.model.repository import Places

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Workplace:
    """The work directory `root`: everything made by commands, nothing that cannot be made again but the key."""

    root: Path

    @property
    def repository(self) -> Path:
        """The published repository."""
        return self.root / "repository"

    @property
    def places(self) -> Places:
        """The parts of the repository."""
        return Places(self.repository)

    @property
    def images(self) -> Path:
        """Image directories."""
        return self.root / "images"

    @property
    def head(self) -> Path:
        """What nodes boot from."""
        return self.root / "head"

    @property
    def chroots(self) -> Path:
        """Trees that nodes join, unless another folder is named."""
        return self.root / "chroots"

    @property
    def clients(self) -> Path:
        """Packages that set up clients of the repository."""
        return self.root / "clients"

    @property
    def gnupg(self) -> Path:
        """The signing key, unless another home is named."""
        return self.root / "gnupg"

    @property
    def demo(self) -> Workplace:
        """The demo's own: what it releases would take versions from those that people release."""
        return Workplace(self.root / "demo")

    @property
    def demo_recipes(self) -> Path:
        """Where the demo renews and releases: its copy of the recipes."""
        return self.root / "recipes"

    def signing_home(self, environ: Mapping[str, str]) -> Path:
        """Give the directory of gpg with the signing key: MODPKG_GNUPGHOME, else one of our own."""
        named = environ.get("MODPKG_GNUPGHOME")
        return Path(named) if named else self.gnupg

    def boot(self, image: str) -> Path:
        """Console and answers of the newest boot of an image."""
        return self.root / "boot" / image

    def scratch(self, purpose: str) -> Path:
        """Give a directory that one command may use."""
        return self.root / "scratch" / purpose
