"""A site layer over real packages: what the system's own programs make of it, and the bill of materials of it all."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from modpkg.errors import ModpkgError
from modpkg.events import ignore
from modpkg.host.run import run
from modpkg.image.budget import BudgetError
from modpkg.image.site import SiteError, compose
from modpkg.pipeline.build_image import Plan, build_image, plan_image
from modpkg.pipeline.build_modules import read_built
from tests.support.site import HASH, KEY, parts, write_site
from tests.support.small_platform import IMAGE, MODULES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.model.module import Module
    from tests.support.small_store import Small

pytestmark = [pytest.mark.programs, pytest.mark.network]
DOCUMENT = (
    f"root-password: {HASH}\nroot-keys: [{KEY}]\nresolver: {{nameservers: [10.0.0.1], search: [example.org]}}\n"
    'files: [{path: /etc/munge/munge.key, owner: munge, group: munge, mode: "0400"}]\n'
)


def modules_of(small: Small) -> list[Module]:
    return [read_built(small.workshop(), name) for name in MODULES]


def plan(small: Small, place: Path, **manifest: str) -> Plan:
    wish = small.workshop().catalogue.manifests[IMAGE][1].model_copy(update=manifest)
    return plan_image(wish, modules_of(small), images=place / "images", site=parts(place / "recipes"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with recipes of a site."""
    place = tmp_path_factory.mktemp("sited")
    files = {"common.yaml": DOCUMENT, "common/etc/munge/munge.key": "secret", "small/etc/motd": "Welcome\n"}
    write_site(place / "recipes", files)
    return place


@pytest.fixture(scope="module")
def image(small: Small, place: Path) -> Path:
    """Give an image with that site."""
    made = plan(small, place)
    build_image(made, store=small.workshop().store, sink=ignore)
    return made.directory


@pytest.fixture(scope="module")
def node(image: Path, place: Path) -> Iterator[Path]:
    """Give the tree that a node shows: the site's files over those of the root."""
    tree = place / "node"
    for name in ("root", "site"):
        run(["unsquashfs", "-force", "-no-progress", "-quiet", "-dest", tree, image / f"{name}.squashfs"])
    yield tree
    shutil.rmtree(tree)


def inside(node: Path, *words: str) -> str:
    return run(["chroot", node, *words]).stdout


def test_the_root_is_that_of_an_image_without_a_site(small: Small, image: Path) -> None:
    for name in ("root.squashfs", "vmlinuz", "initrd"):
        assert (image / name).read_bytes() == (small.image / name).read_bytes(), name
    assert image.name.startswith(f"{small.image.name}_site-")
    assert not (small.image / "site.squashfs").exists()


def test_the_system_s_own_programs_know_the_site(node: Path) -> None:
    assert inside(node, "getent", "shadow", "root").startswith(f"root:{HASH}:")
    assert inside(node, "getent", "shadow", "munge").startswith("munge:!")
    assert inside(node, "pwck", "--read-only", "--quiet") == ""
    stat = inside(
        node, "stat", "-c", "%a %U %G %n", "/etc/shadow", "/etc/munge/munge.key", "/etc/munge", "/root"
    )
    assert stat.splitlines() == [
        "640 root shadow /etc/shadow",
        "400 munge munge /etc/munge/munge.key",
        "700 munge munge /etc/munge",
        "700 root root /root",
    ]
    assert inside(node, "cat", "/etc/motd") == "Welcome\n"
    assert inside(node, "cat", "/etc/resolv.conf") == "search example.org\nnameserver 10.0.0.1\n"
    assert KEY in inside(node, "cat", "/root/.ssh/authorized_keys")


def test_ssh_reads_the_key(node: Path) -> None:
    listed = run(["ssh-keygen", "-l", "-f", node / "root/.ssh/authorized_keys"]).stdout
    assert listed.startswith("256 SHA256:")
    assert listed.endswith("admin@head (ED25519)\n")


def test_dpkg_names_what_the_site_changed_and_nothing_else(node: Path, small: Small) -> None:
    del small
    lines = run(["chroot", node, "dpkg", "--verify"], check=False).stdout.splitlines()
    changed = {line.split()[-1] for line in lines if not line.startswith("missing")}
    assert changed - {"/usr/lib/os-release"} <= {"/etc/motd"}


@pytest.mark.filterwarnings("ignore")
def test_the_bill_of_materials_of_real_packages_is_sound(image: Path, small: Small) -> None:
    data = json.loads((image / "sbom.spdx.json").read_text())
    assert validate_full_spdx_document(JsonLikeDictParser().parse(data)) == []
    packages = {package.name for module in modules_of(small) for package in module.packages}
    assert packages <= {part["name"] for part in data["packages"]}


def test_a_time_zone_is_known_by_the_packages(small: Small, tmp_path: Path) -> None:
    modules = modules_of(small)
    there = any("usr/share/zoneinfo/Europe/Berlin" in module.paths for module in modules)
    write_site(tmp_path, {"small.yaml": f"time-zone: Europe/{'Berlin' if there else 'Berlim'}\n"})
    if there:
        assert compose(parts(tmp_path), modules, image=IMAGE) is not None
        return
    with pytest.raises(SiteError, match="no module has the time zone"):
        compose(parts(tmp_path), modules, image=IMAGE)


def test_a_budget_names_the_largest_of_real_packages(small: Small, place: Path, tmp_path: Path) -> None:
    made = plan(small, place, size_budget="1 MB")
    with pytest.raises(BudgetError) as caught:
        build_image(made, store=small.workshop().store, sink=ignore)
    assert isinstance(caught.value, ModpkgError)
    names = [name for name, _ in caught.value.shares.packages[:10]]
    assert any(name in names for name in ("core/systemd", "core/libc6", "core/perl-base"))
    assert not list(tmp_path.iterdir())
