"""A small checkout for tests of workflows: three modules, a platform with its lock, an image; no programs run."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modpkg.events import ignore
from modpkg.formats.canonical import write_record
from modpkg.formats.catalogue import Catalogue, load_catalogue
from modpkg.host.mirrors import Mirrors
from modpkg.model.lock import LockedPackage, PlatformLock
from modpkg.model.module import Module
from modpkg.pipeline.kept import RECORDED
from modpkg.pipeline.plan import Step, latest_name
from modpkg.pipeline.platform_lock import Wish, lock_path
from modpkg.pipeline.site import Site
from modpkg.pipeline.workshop import Workshop
from modpkg.rootfs.resolve import lock_inputs
from modpkg.store.store import Store
from tests.support.modules import module

if TYPE_CHECKING:
    import pytest

    from modpkg.model.module import Module

BASE = Path(__file__).parents[1] / "golden" / "documents" / "base"
PLATFORM = "bookworm"
TOOLS = {"mksquashfs": "4.5.1", "zstd": "1.5.4"}


def package(name: str, version: str = "1.0-1", **changes: Any) -> LockedPackage:
    """Give a locked package whose digest is made of its name and version."""
    known = {
        "name": name,
        "version": version,
        "architecture": "amd64",
        "source": name,
        "source_version": version,
        "mirror": "debian",
        "path": f"pool/main/{name[0]}/{name}/{name}_{version}_amd64.deb",
        "size": 100,
        "sha256": hashlib.sha256(f"{name} {version}".encode()).hexdigest(),
    }
    return LockedPackage(**{**known, **changes})


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of the documents that tests of documents use, in `root`."""

    root: Path

    @classmethod
    def made(cls, directory: Path) -> Checkout:
        """Copy it."""
        checkout = cls(shutil.copytree(BASE, directory / "checkout"))
        checkout.change("modules/slurm/recipe.yaml", "services:", "accounts: [munge]\nservices:")
        return checkout

    @property
    def recipes(self) -> Path:
        return self.root / "recipes"

    @property
    def store(self) -> Store:
        return Store(self.root / "store")

    def path(self, name: str) -> Path:
        """Give a path below recipes/."""
        return self.recipes / name

    def change(self, name: str, old: str, new: str) -> None:
        """Put `new` in the place of `old`, which must be there."""
        path = self.path(name)
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new))

    def append(self, name: str, text: str) -> None:
        """Add lines to a document."""
        path = self.path(name)
        path.write_text(path.read_text() + text)

    def add(self, name: str, *, depends: str = "[]") -> None:
        """Add a module that is like the kernel."""
        folder = shutil.copytree(self.path("modules/kernel"), self.path(f"modules/{name}"))
        text = (folder / "recipe.yaml").read_text().replace("name: kernel", f"name: {name}")
        (folder / "recipe.yaml").write_text(f"{text}depends: {depends}\n")

    def catalogue(self) -> Catalogue:
        return load_catalogue(self.recipes)

    def lock(self, **packages: tuple[LockedPackage, ...]) -> PlatformLock:
        """Give a lock of what the recipes ask for now; `packages` take the place of a module's."""
        wish = Wish.of(self.catalogue(), PLATFORM)
        modules = {
            request.module: tuple(package(name) for name in sorted(request.packages))
            for request in wish.requests
        }
        return PlatformLock(
            platform=PLATFORM,
            architecture="amd64",
            inputs=lock_inputs(wish.platform, wish.requests),
            modules={**modules, **packages},
        )

    def write_lock(self, **packages: tuple[LockedPackage, ...]) -> PlatformLock:
        """Put the lock beside the platform."""
        lock = self.lock(**packages)
        write_record(lock_path(self.recipes, PLATFORM), lock)
        return lock

    def workshop(self, *, fast: bool = False, lock: PlatformLock | None = None) -> Workshop:
        """Give what builds work with; the site has no mirror."""
        catalogue = self.catalogue()
        return Workshop(
            catalogue=catalogue,
            platform=catalogue.platforms[PLATFORM],
            lock=lock or self.lock(),
            site=Site(
                mirrors=Mirrors(environ={}, configured={}, snapshots={}), store=self.store, offline=True
            ),
            work=self.root / "build",
            fast=fast,
        )


def fix_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the versions of tools a fixed value wherever they are asked."""
    for name in ("plan", "release_module"):
        monkeypatch.setattr(f"modpkg.pipeline.{name}.tool_versions", lambda: TOOLS)


def pretend_built(workshop: Workshop, step: Step, **changes: Any) -> Module:
    """Leave in the store what a build of this step leaves; `changes` replace fields of module.json."""
    content = f"fragment of {step.module} {step.key}".encode()
    known = {"name": step.module, "version": step.version, "inputs": step.inputs.digest, "marks": step.marks}
    made = module(content, **{**known, "depends": (), "conflicts": (), "provides": (), **changes})
    with workshop.store.scratch() as scratch:
        (scratch / "fragment").write_bytes(content)
        (scratch / "module").write_text(made.model_dump_json())
        (scratch / "changes").write_text(f"changes of {step.module}\n")
        parts = {part: workshop.store.add(scratch / part).sha256 for part in RECORDED}
    workshop.store.record(step.key, parts)
    workshop.store.record(latest_name(workshop, step.module), dict(step.inputs.parts))
    return made


SILENT = ignore
