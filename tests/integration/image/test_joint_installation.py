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
from modpkg.rootfs.inventory import inventory
from modpkg.rootfs.state.nsswitch import parse_services
from modpkg.squashfs.pack import unpack
from modpkg.store.store import Store
from tests.support import joint
from tests.support.joint import PLATFORM, JointJob
from tests.support.small_store import cache_directory, link_blobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from modpkg.model.lock import PlatformLock

pytestmark = [pytest.mark.programs, pytest.mark.network]
CHECKOUT = Path(__file__).resolve().parents[3]
# Paths that are in one tree alone or differ, and why that is as it should be.
DIFFERENCES = {
    r"(dev|run|var/cache|var/log)/.*": "made anew at each boot, or a trace of the installation",
    r"etc/rc[0-6S]\.d/.*": "start links of an init that no image has",
    r"var/lib/apt/.*|var/lib/dpkg/(lock|lock-frontend|triggers/Lock)": "the package manager's own working files",
    r"etc/(\.pwd\.lock|(passwd|group|shadow|gshadow)-)|var/lib/dpkg/[a-z]+-old": "locks, and databases as they were",
    r"etc/munge/munge\.key": "a secret, which every site makes for itself",
    r"boot/vmlinuz-.*|usr/lib/modules(/.*)?": "the kernel of this test is in no package",
    r"(etc|var)/\.updated|usr/lib/modpkg(/.*)?|usr/share/doc/modpkg-image(/.*)?": "what an image says about itself",
    # update-ca-certificates ran once before all certificates were there, and took the bundle for a certificate.
    r"etc/ssl/certs/7524e189\.0": "a link that the order of configuration left wrong in the installation",
}
# Databases with the same records, which are in the order of their installation there and sorted here.
DATABASES: dict[str, Callable[[str], object]] = {
    # The owners of files are compared by name: ids are the platform's here, and chance there.
    "etc/passwd": lambda text: sorted(
        re.sub(r"^([^:]+:x):\d+:\d+:", r"\1::", line) for line in text.split("\n")
    ),
    "etc/group": lambda text: sorted(re.sub(r"^([^:]+:x):\d+:", r"\1:", line) for line in text.split("\n")),
    "etc/gshadow": lambda text: sorted(text.split("\n")),
    # The day of the last change is the day of the build.
    "etc/shadow": lambda text: sorted(
        re.sub(r"^([^:]*:[^:]*):\d*:", r"\1::", line) for line in text.split("\n")
    ),
    "etc/shells": lambda text: sorted(line for line in text.split("\n") if not line.startswith("#")),
    "var/lib/shells.state": lambda text: sorted(text.split("\n")),
    "var/lib/dpkg/triggers/File": lambda text: sorted(text.split("\n")),
    "var/lib/dpkg/diversions": lambda text: sorted(re.findall(r".*\n.*\n.*\n", text)),
    # Comments are not kept.
    "etc/nsswitch.conf": parse_services,
    "usr/lib/os-release": lambda text: re.sub(r"IMAGE_VERSION=.*\n", "", text),
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


def named(tree: Path) -> dict[str, str]:
    """Describe a tree with the names of owners: their numbers are the platform's table in one, chance in the other."""
    users, groups = (names_of(tree / "etc" / table) for table in ("passwd", "group"))
    found = {}
    for path, line in inventory(tree).items():
        kind, mode, user, group, *rest = line.partition(" link=")[0].split(" ")
        found[path] = " ".join([kind, mode, users[user], groups[group], *rest])
    return found


def names_of(table: Path) -> dict[str, str]:
    lines = [line.split(":") for line in table.read_text().splitlines()]
    return {words[2]: words[0] for words in lines}


def is_expected(path: str) -> bool:
    return any(re.fullmatch(pattern, path) for pattern in DIFFERENCES)


def test_modules_together_are_what_one_installation_makes(image: Path, installed: Path) -> None:
    ours, theirs = named(image), named(installed)
    assert len(ours) > 3000
    differing = sorted({path for path, _ in ours.items() ^ theirs.items()} - DATABASES.keys())
    unexpected = {path: (ours.get(path), theirs.get(path)) for path in differing if not is_expected(path)}
    assert unexpected == {}


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
        ("etc/ssl/certs/ca-certificates.crt", joint.CERTIFICATE),
    ],
)
def test_what_is_made_from_several_modules_has_all_of_them(image: Path, path: str, text: str) -> None:
    assert text.encode() in (image / path).read_bytes()
