"""The small platform built once for all tests and all workers, and cheap copies of it that a test may spoil.

It lies in `$MODPKG_TEST_CACHE` or `~/.cache/modpkg-tests`: downloads and lock stay for ever, what was built only
for the very sources of modpkg that built it. Nobody writes into what was built: tests work in copies.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modpkg.errors import BadInputError
from modpkg.events import Event, event_to_dict
from modpkg.formats.canonical import write_record
from modpkg.formats.catalogue import load_catalogue
from modpkg.host.files import digest_file, locked
from modpkg.host.run import Completed, run
from modpkg.model.lock import LockedPackage, PlatformLock
from modpkg.pipeline.fetch_packages import GoneError, fetch_packages
from modpkg.pipeline.lock_platform import lock_platform
from modpkg.pipeline.plan import plan_builds
from modpkg.pipeline.platform_lock import Wish, load_platform_lock, lock_path
from modpkg.pipeline.site import Site
from modpkg.rootfs.resolve import lock_inputs
from modpkg.squashfs.pack import tool_versions
from modpkg.store.store import Store, remove_tree
from tests.support import small_platform
from tests.support.small_platform import PLATFORM
from tests.support.stack import write_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from modpkg.pipeline.workshop import Workshop

CHECKOUT = Path(__file__).resolve().parents[2]
CODE = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); from modpkg.cli.program import main; main()"
EVENT = re.compile(
    r"^(?:warning: .*\n(?:  hint: .*\n)?|[a-z ]+: (?:started|nothing to do|done in|[0-9.]+ k?M?B of ).*\n)",
    re.MULTILINE,
)
KEPT_BUILDS = 3
STALE_SECONDS = 86400
MAINTAINER = "A Tester <tester@example.org>"


def cache_directory() -> Path:
    """Give where built modules are kept between runs of the tests."""
    named = os.environ.get("MODPKG_TEST_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "modpkg-tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """The small platform, built: a project with lock and released recipes, a store, what the build said."""

    cache: Path
    place: Path

    @property
    def project(self) -> Path:
        return self.place / "project"

    @property
    def store(self) -> Store:
        return Store(self.place / "store")

    @property
    def work(self) -> Path:
        return self.place / "work"

    @property
    def image(self) -> Path:
        return next((self.work / "images").glob("small_*"))

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of the build."""
        found: list[dict[str, Any]] = json.loads((self.place / "events.json").read_text())
        return found

    def workshop(self) -> Workshop:
        return open_shop(self.project, self.store, self.work)


def open_shop(project: Path, store: Store, work: Path) -> Workshop:
    """Open a workshop that has no mirrors."""
    site = Site.of({"MODPKG_STORE": str(store.root)}, offline=True)
    return small_platform.open_workshop(project / "recipes", site=site, work=work)


def prepare(cache: Path) -> Small:
    """Give the small platform, built now unless these sources of modpkg built it before."""
    with locked(cache / "lock"):
        _remove_stale(cache)
        downloads = Store(cache / "downloads")
        lock = _lock_and_fetch(cache, downloads)
        place = cache / "built" / _digest_of_sources(lock)
        small = Small(cache=cache, place=place)
        if not (place / "events.json").exists():
            remove_tree(place)
            _build(small, lock, downloads)
        os.utime(place)
    return small


def _lock_and_fetch(cache: Path, downloads: Store) -> Path:
    path = cache / "small.lock"
    site = Site.of({**os.environ, "MODPKG_STORE": str(downloads.root)})
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        wish = Wish.of(load_catalogue(small_platform.write_project(Path(scratch))), PLATFORM)
        try:
            lock = load_platform_lock(path, wish)
            fetch_packages(lock, lock.modules, platform=wish.platform, site=site)
        except (BadInputError, GoneError):
            lock = lock_platform(wish, path, mirrors=site.mirrors, work=cache / "lists").lock
            fetch_packages(lock, lock.modules, platform=wish.platform, site=site)
    return path


def _digest_of_sources(lock: Path) -> str:
    files = [lock, Path(small_platform.__file__), *sorted((CHECKOUT / "modpkg").rglob("*"))]
    sums = [f"{path.name} {digest_file(path)}" for path in files if path.suffix != ".pyc" and path.is_file()]
    return hashlib.sha256("\n".join([*sums, str(tool_versions())]).encode()).hexdigest()[:20]


def _build(small: Small, lock: Path, downloads: Store) -> None:
    recipes = small_platform.write_project(small.project)
    shutil.copyfile(lock, lock_path(recipes, PLATFORM))
    link_blobs(downloads, small.store)
    small_platform.release(recipes)
    said: list[dict[str, Any]] = []

    def keep(event: Event) -> None:
        said.append(event_to_dict(event))

    workshop = small.workshop()
    built = small_platform.build_everything(workshop, sink=keep)
    small_platform.make_small_image(workshop, built, images=small.work / "images", sink=keep)
    (small.place / "events.json").write_text(json.dumps(said))


def _remove_stale(cache: Path) -> None:
    built = sorted((cache / "built").glob("*"), key=lambda path: path.stat().st_mtime)
    copies = sorted((cache / "copies").glob("*"))
    old = [path for path in copies if path.stat().st_mtime < time.time() - STALE_SECONDS]
    for path in (*built[:-KEPT_BUILDS], *old):
        remove_tree(path)


def link_blobs(source: Store, target: Store) -> None:
    """Give a store all blobs of another one, without copying them where a link can do."""
    for blob in sorted((source.root / "blobs").rglob("*")):
        if blob.is_file():
            path = target.root / blob.relative_to(source.root)
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(blob, path)
            except OSError:
                shutil.copy2(blob, path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A copy of the small platform in `place`, to be spoilt by one test."""

    small: Small
    place: Path

    @property
    def project(self) -> Path:
        return self.place / "project"

    @property
    def recipes(self) -> Path:
        return self.project / "recipes"

    @property
    def store(self) -> Store:
        return Store(self.place / "store")

    @property
    def work(self) -> Path:
        return self.project / "build"

    @property
    def environment(self) -> dict[str, str]:
        # The mirrors of this machine count: those of the environment, too.
        mirrors = {name: value for name, value in os.environ.items() if name.startswith("MODPKG_MIRROR_")}
        return {"HOME": str(self.project), "MODPKG_STORE": str(self.store.root), **mirrors}

    def command(self, *words: str) -> list[str]:
        """Give the command line of modpkg, for the small platform where it has one."""
        platform = ["--platform", PLATFORM] if words[0] not in {"lock", "build-image", "demo"} else []
        return [sys.executable, "-c", CODE, *words, *platform]

    def modpkg(
        self, *words: str, env: Mapping[str, str] | None = None, before: tuple[str, ...] = ()
    ) -> Completed:
        """Run modpkg in the project; `before` are words in front of its command line."""
        environment = {**self.environment, **(env or {})}
        return run([*before, *self.command(*words)], env=environment, cwd=self.project, check=False)

    def workshop(self) -> Workshop:
        return open_shop(self.project, self.store, self.work)

    def workshop_lock(self) -> PlatformLock:
        """Give the lock, also while it is stale."""
        return PlatformLock.model_validate_json(lock_path(self.recipes, PLATFORM).read_bytes())

    def forget(self, *modules: str) -> None:
        """Take the builds of modules out of the store's records."""
        for step in plan_builds(self.workshop(), modules):
            if step.module in modules:
                (self.store.root / "builds" / f"{step.key}.json").unlink()

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file of the recipes."""
        target = self.recipes / path
        text = target.read_text()
        assert old in text
        target.write_text(text.replace(old, new))

    def add_module(
        self,
        name: str,
        recipe: str,
        *packages: LockedPackage,
        tools: tuple[LockedPackage, ...] = (),
        files: Mapping[str, str] | None = None,
    ) -> None:
        """Add a module whose packages the store holds, and bring the lock up to date without asking apt."""
        head = f'name: {name}\nversion: "1.0.0"\nsummary: A module of one test\n'
        folder = self.recipes / "modules" / name
        texts = {
            "recipe.yaml": head + recipe + small_platform.RECIPE_TAIL,
            "changelog.yaml": small_platform.CHANGELOG.format(version="1.0.0"),
            **(files or {}),
        }
        write_files(folder, texts)
        self.lock_anew({name: packages}, tools={name: tools} if tools else {})

    def lock_anew(
        self,
        packages: Mapping[str, tuple[LockedPackage, ...]],
        tools: Mapping[str, tuple[LockedPackage, ...]] | None = None,
    ) -> None:
        """Write the lock with other packages for some modules, and for some builds."""
        path = lock_path(self.recipes, PLATFORM)
        wish = Wish.of(load_catalogue(self.recipes), PLATFORM)
        old = self.workshop_lock()
        inputs = lock_inputs(wish.platform, wish.requests)
        shares = {"modules": {**old.modules, **packages}, "build": {**old.build, **(tools or {})}}
        write_record(path, old.model_copy(update={"inputs": inputs, **shares}))

    def add_package(self, name: str, files: Mapping[str, str], **scripts: str) -> LockedPackage:
        """Make a package with maintainer scripts by dpkg-deb and put it into the store."""
        tree = self.place / "packages" / name
        control = {"Package": name, "Version": "1.0-1", "Architecture": "all", "Maintainer": MAINTAINER}
        control["Description"] = f"the package {name}"
        texts = {"DEBIAN/control": "".join(f"{key}: {value}\n" for key, value in control.items()), **files}
        texts |= {f"DEBIAN/{script}": f"#!/bin/sh\nset -e\n{text}\n" for script, text in scripts.items()}
        write_files(tree, texts)
        for path in (tree, *tree.rglob("*")):
            is_program = path.is_dir() or path.name in scripts or "init.d" in path.parts
            path.chmod(0o755 if is_program else 0o644)
        package = self.place / "packages" / f"{name}.deb"
        run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, package])
        receipt = self.store.add(package)
        return LockedPackage(
            name=name,
            version="1.0-1",
            architecture="all",
            source=name,
            source_version="1.0-1",
            mirror="debian",
            path=f"pool/main/t/{name}/{name}_1.0-1_all.deb",
            size=receipt.size,
            sha256=receipt.sha256,
        )

    def words(self, text: str) -> str:
        """Give what a command said without what differs from run to run."""
        text = text.replace(str(self.place), "PLACE").replace(str(CHECKOUT), "CHECKOUT")
        text = text.replace(sys.executable, "PYTHON")
        text = re.sub(r"scratch/[^/:\s]+", "scratch/NAME", text)
        text = re.sub(r"(?<=_)[0-9][^_/\s]*(?=_(?:amd64|all)\.deb)", "VERSION", text)
        text = re.sub(r"sha256/[0-9a-f]{2}/", "sha256/NN/", text)
        text = re.sub(r"(package \S+) [0-9]\S*$", r"\1 VERSION", text, flags=re.MULTILINE)
        return re.sub(r"\b[0-9a-f]{64}\b", "SHA256", text)

    def error(self, completed: Completed) -> str:
        """Give the error that a command ended with."""
        assert "Traceback" not in completed.stderr
        return self.words(EVENT.sub("", completed.stderr))


@contextmanager
def new_shop(small: Small) -> Iterator[Shop]:
    """Give a copy of the small platform; it shares what nobody changes: blobs and unpacked fragments."""
    parent = small.cache / "copies"
    parent.mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=parent))
    shop = Shop(small=small, place=place)
    try:
        shutil.copytree(small.project, shop.project)
        link_blobs(small.store, shop.store)
        shutil.copytree(small.store.root / "builds", shop.store.root / "builds")
        for tree in sorted((small.store.root / "trees").glob("*/*")):
            link = shop.store.root / tree.relative_to(small.store.root)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(tree)
        yield shop
    finally:
        remove_tree(place)
