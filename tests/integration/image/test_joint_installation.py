"""Modules built apart and assembled, against the same packages installed by apt in one root: the same image.

What differs is in DIFFERENCES, each with its reason; docs/explanation/state.md has the list for people.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.events import ignore
from modpkg.formats.catalogue import load_catalogue, order
from modpkg.host.namespaces import enter
from modpkg.host.run import run
from modpkg.pipeline.build_image import build_image, plan_image
from modpkg.pipeline.build_modules import build_modules
from modpkg.pipeline.fetch_packages import GoneError, fetch_packages
from modpkg.pipeline.lock_platform import lock_platform
from modpkg.pipeline.platform_lock import Wish, load_platform_lock
from modpkg.pipeline.site import Site
from modpkg.pipeline.workshop import Workshop
from modpkg.squashfs.pack import unpack
from modpkg.store.store import Store
from tests.support import joint
from tests.support.joint import PLATFORM, JointJob
from tests.support.one_root import ANY_INSTALLATION, DATABASES, named, unexpected
from tests.support.small_store import cache_directory, link_blobs

if TYPE_CHECKING:
    from modpkg.model.lock import PlatformLock

pytestmark = [pytest.mark.programs, pytest.mark.network]
CHECKOUT = Path(__file__).resolve().parents[3]
DIFFERENCES = {
    **ANY_INSTALLATION,
    r"boot/vmlinuz-.*|usr/lib/modules(/.*)?": "the kernel of this test is in no package",
    r"etc/munge/munge\.key": "a secret, which every site makes for itself",
    r"usr/share/icons/hicolor/icon-theme\.cache": "no package here has the trigger, which hicolor-icon-theme brings",
    # update-ca-certificates ran once before all certificates were there, and took the bundle for a certificate.
    r"etc/ssl/certs/7524e189\.0": "a link that the order of configuration left wrong in the installation",
}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Give a workshop with all packages in its store."""
    if os.geteuid() != 0:
        pytest.skip("looking into trees of root's files needs root")
    place = tmp_path_factory.mktemp("joint")
    recipes, store = joint.write_recipes(place), Store(place / "store")
    wish = Wish.of(load_catalogue(recipes), PLATFORM)
    lock = locked(wish, cache_directory(), store)
    more = {name: joint.package_of(name, place) for name in ("one", "two")}
    for name in more:
        store.add(place / f"joint-{name}.deb")
    modules = {n: (*p, *([more[n]] if n in more else [])) for n, p in lock.modules.items()}
    return Workshop(
        catalogue=load_catalogue(recipes),
        platform=wish.platform,
        lock=lock.model_copy(update={"modules": modules}),
        site=Site.of({"MODPKG_STORE": str(store.root)}, offline=True),
        work=place / "work",
        fast=True,
    )


def locked(wish: Wish, cache: Path, store: Store) -> PlatformLock:
    """Lock the platform, as it was locked before if its packages are still to be had, and fetch all of them."""
    downloads, kept = Store(cache / "downloads"), cache / "joint.lock"
    site = Site.of({**os.environ, "MODPKG_STORE": str(downloads.root)})
    try:
        lock = load_platform_lock(kept, wish)
        fetch_packages(lock, lock.modules, platform=wish.platform, site=site)
    except (BadInputError, GoneError):
        lock = lock_platform(wish, kept, mirrors=site.mirrors, work=cache / "lists").lock
        fetch_packages(lock, lock.modules, platform=wish.platform, site=site)
    link_blobs(downloads, store)
    return lock


@pytest.fixture(scope="module")
def image(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the root of the image of all modules, unpacked."""
    built = build_modules(workshop, order(workshop.catalogue, PLATFORM), sink=ignore)
    manifest = workshop.catalogue.manifests[PLATFORM][1]
    plan = plan_image(manifest, [one.module for one in built], images=workshop.work / "images")
    build_image(plan, store=workshop.store, sink=ignore)
    tree = tmp_path_factory.mktemp("image") / "tree"
    unpack(plan.directory / "root.squashfs", tree)
    return tree


@pytest.fixture(scope="module")
def installed(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a root into which apt installed all packages at once."""
    work = tmp_path_factory.mktemp("installed")
    unique = {one.sha256: one for packages in workshop.lock.modules.values() for one in packages}
    files = {sha256: workshop.store.path(sha256) for sha256 in unique}
    job = work / "job.json"
    job.write_text(JointJob(packages=tuple(unique.values()), files=files, work=work).model_dump_json())
    program = [sys.executable, "-m", "tests.support.joint", work / "tree", job]
    run([*enter("root"), *program], env={"PYTHONPATH": str(CHECKOUT)})
    return work / "tree"


def test_modules_together_are_what_one_installation_makes(image: Path, installed: Path) -> None:
    ours, theirs = named(image), named(installed)
    assert len(ours) > 3000
    assert unexpected(ours, theirs, DIFFERENCES) == {}


def test_every_reason_for_a_difference_is_needed(image: Path, installed: Path) -> None:
    differing = {path for path, _ in named(image).items() ^ named(installed).items()}
    for pattern in DIFFERENCES:
        assert any(re.fullmatch(pattern, path) for path in differing), pattern


@pytest.mark.parametrize("path", DATABASES)
def test_databases_have_the_same_records(image: Path, installed: Path, path: str) -> None:
    ours, theirs = ((tree / path).read_text() for tree in (image, installed))
    assert DATABASES[path](ours) == DATABASES[path](theirs)
    owners = [named(tree)[path].split()[:4] for tree in (image, installed)]
    assert owners[0] == owners[1]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("etc/pam.d/common-session", "pam_tmpdir.so"),
        ("etc/pam.d/common-auth", "pam_cap.so"),
        ("usr/share/mime/globs", "*.one"),
        ("usr/share/mime/globs", "*.two"),
        ("usr/share/glib-2.0/schemas/gschemas.compiled", "org.example.two"),
        ("usr/share/applications/mimeinfo.cache", "x-scheme-handler/joint-one=joint-one.desktop"),
        ("usr/share/applications/mimeinfo.cache", "x-scheme-handler/joint-two=joint-two.desktop"),
        ("usr/share/icons/hicolor/icon-theme.cache", "htop"),
        ("usr/share/icons/hicolor/icon-theme.cache", "btop"),
        ("usr/lib/x86_64-linux-gnu/gio/modules/giomodule.cache", "libgiognutls.so: gio-tls-backend"),
        ("etc/ssl/certs/ca-certificates.crt", joint.CERTIFICATE),
    ],
)
def test_what_is_made_from_several_modules_has_all_of_them(image: Path, path: str, text: str) -> None:
    assert text.encode() in (image / path).read_bytes()
