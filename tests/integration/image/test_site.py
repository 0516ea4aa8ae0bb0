"""A site layer on real, small modules: the root below it, bits that repeat, files that several images share."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import ignore
from modpkg.host.files import digest_file
from modpkg.host.namespaces import enter
from modpkg.host.run import run
from modpkg.image.budget import BudgetError
from modpkg.image.site import SiteLayer, compose
from modpkg.image.site_tree import SETTINGS, SiteBuilt, SiteJob
from modpkg.model.image import ImageDirectory
from modpkg.model.manifest import Manifest, ModulePin
from modpkg.model.module import Module
from modpkg.pipeline.apart import call
from modpkg.pipeline.build_image import build_image, plan_image
from modpkg.pipeline.images import find_image
from modpkg.rootfs.inventory import inventory
from modpkg.rootfs.normalize import DIRECTORY_TIME
from modpkg.squashfs.pack import unpack
from modpkg.store.store import Store
from tests.support.site import HASH, KEY, parts, write_site
from tests.support.small_stack import NAMES

pytestmark = pytest.mark.programs
CHECKOUT = Path(__file__).resolve().parents[3]
DOCUMENT = (
    f"root-password: {HASH}\nroot-keys: [{KEY}]\nresolver: {{nameservers: [10.0.0.1]}}\n"
    'files: [{path: /etc/munge/munge.key, owner: munge, group: munge, mode: "0400"}]\n'
)


def read(stack: Path) -> list[Module]:
    return [Module.model_validate_json((stack / f"{name}.json").read_bytes()) for name in NAMES]


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("recipes")
    write_site(
        place,
        {
            "common.yaml": DOCUMENT,
            "common/etc/munge/munge.key": "key",
            "common/usr/local/bin/site": "#!/bin/sh\n",
            "common/usr/bin/gawk": "another\n",
        },
    )
    (place / "site/common/usr/local/bin/site").chmod(0o755)
    (place / "site/common/etc/link").symlink_to("./munge")
    return place


@pytest.fixture(scope="module")
def layer(stack: Path, recipes: Path) -> SiteLayer:
    made = compose(parts(recipes), read(stack), image="small")
    assert made is not None
    return made


def built(layer: SiteLayer, work: Path) -> Path:
    (work / "site").mkdir(parents=True)
    job = SiteJob(layer=layer, work=work / "site")
    return SiteBuilt.model_validate(call("site", job, mode="root", work=work, sink=ignore)).file


def test_the_layer_reads_back_as_worked_out_with_one_time(layer: SiteLayer, tmp_path: Path) -> None:
    unpack(built(layer, tmp_path), tmp_path / "tree")
    found = inventory(tmp_path / "tree")
    assert found == {path: entry.line for path, entry in layer.entries.items()}
    assert found["etc/munge/munge.key"].startswith("file 0400 301 301 3 ")
    assert found["etc/shadow"].startswith("file 0640 0 42 ")
    assert found["usr/bin/gawk"].startswith("file 4755 0 0 8 ")
    times = {path.lstat().st_mtime for path in (tmp_path / "tree").rglob("*")}
    assert times == {DIRECTORY_TIME} == {SETTINGS.time}


def test_equal_sites_make_equal_bits_also_as_a_mapped_user(layer: SiteLayer, tmp_path: Path) -> None:
    first = digest_file(built(layer, tmp_path / "one"))
    before = os.umask(0o077)
    try:
        assert digest_file(built(layer, tmp_path / "two")) == first
    finally:
        os.umask(before)
    work = tmp_path / "three"
    work.mkdir()
    path = tmp_path / "job.json"
    path.write_text(SiteJob(layer=layer, work=work).model_dump_json())
    mapped = [sys.executable, "-m", "tests.support.user_namespace", *enter("root")]
    command = [*mapped, sys.executable, "-m", "modpkg.pipeline.worker", "site", path]
    lines = run(command, env={"PYTHONPATH": str(CHECKOUT)}).stdout.splitlines()
    assert digest_file(Path(json.loads(lines[-1])["result"]["file"])) == first


def test_a_file_that_changes_meanwhile_is_found_out(layer: SiteLayer, recipes: Path, tmp_path: Path) -> None:
    moved = tmp_path / "recipes"
    shutil.copytree(recipes, moved, symlinks=True)
    entries = {
        path: entry.model_copy(update={"source": moved / entry.source.relative_to(recipes)})
        if entry.source
        else entry
        for path, entry in layer.entries.items()
    }
    (moved / "site/common/etc/munge/munge.key").write_text("other")
    with pytest.raises(ModpkgError, match="files changed while it was made") as caught:
        built(layer.model_copy(update={"entries": entries}), tmp_path / "work")
    assert "/etc/munge/munge.key" in caught.value.what


def manifest(name: str, **fields: object) -> Manifest:
    pins = tuple(ModulePin(name=one, version="~12.0") for one in NAMES)
    return Manifest.model_validate(
        {"name": name, "platform": "bookworm", "channel": "testing", "modules": pins, **fields}
    )


@pytest.fixture(scope="module")
def store(stack: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("site-store"))
    for name in NAMES:
        store.add(stack / f"{name}.squashfs")
    return store


@pytest.fixture(scope="module")
def images(stack: Path, store: Store, recipes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with an image without and one with a site layer, under two names."""
    images = tmp_path_factory.mktemp("site-images")
    modules = read(stack)
    build_image(plan_image(manifest("plain"), modules, images=images), store=store, sink=ignore)
    plan = plan_image(manifest("sited", uki=True), modules, images=images, site=parts(recipes))
    assert build_image(plan, store=store, sink=ignore) == about(plan.directory)
    again = plan_image(manifest("sited"), modules, images=images, site=parts(recipes))
    assert (again.directory, again.reason) == (plan.directory, "")
    return images


def about(directory: Path) -> ImageDirectory:
    return ImageDirectory.model_validate_json((directory / "image.json").read_bytes())


def test_the_root_is_the_same_with_and_without_a_site_and_there_once(images: Path, layer: SiteLayer) -> None:
    plain, sited = find_image(images, "plain"), find_image(images, "sited")
    assert sited.name == f"sited_{about(plain).image.version}_amd64_site-{layer.mark.fingerprint}"
    assert about(plain).image == about(sited).image
    assert (about(plain).site, about(sited).site) == (None, layer.mark)
    for name in ("root.squashfs", "vmlinuz", "initrd"):
        assert about(plain).files[name] == about(sited).files[name]
        assert (plain / name).stat().st_ino == (sited / name).stat().st_ino
    assert "site.squashfs" not in about(plain).files
    run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=sited)
    assert digest_file(sited / "root.squashfs") in (sited / "sited.efi").read_bytes().decode("latin-1")


def test_secrets_of_a_site_are_in_its_layer_alone(images: Path) -> None:
    sited = find_image(images, "sited")
    assert (sited / "site.squashfs").stat().st_mode & 0o777 == 0o600
    for path in sited.iterdir():
        if path.name not in {"site.squashfs", "root.squashfs"}:
            assert HASH.encode() not in path.read_bytes(), path.name


def test_what_a_node_shows_is_the_root_with_the_site_over_it(
    images: Path, layer: SiteLayer, tmp_path: Path
) -> None:
    sited = find_image(images, "sited")
    for name in ("root", "site"):
        unpack(sited / f"{name}.squashfs", tmp_path / name)
    program = (
        "import json, sys; from pathlib import Path; from modpkg.host.mounts import overlay; "
        "from modpkg.rootfs.inventory import inventory\n"
        "place = Path(sys.argv[1]); (place / 'node').mkdir()\n"
        "with overlay(place / 'node', lower=[place / 'site', place / 'root']):\n"
        "    print(json.dumps(inventory(place / 'node')))\n"
    )
    shown = run([*enter("root"), sys.executable, "-c", program, tmp_path], env={"PYTHONPATH": str(CHECKOUT)})
    lines = json.loads(shown.stdout)
    below = inventory(tmp_path / "root")
    assert {path for path in lines if lines[path] != below.get(path)} == {
        *("etc/link", "etc/munge", "etc/munge/munge.key", "etc/resolv.conf", "etc/shadow"),
        *("root/.ssh", "root/.ssh/authorized_keys", "usr/bin/gawk"),
        *("usr/local", "usr/local/bin", "usr/local/bin/site"),
        # The name that gawk's content had beside it is no hard link of the site's file.
        "usr/bin/gawk-5.2",
    }
    assert lines["root"] == below["root"]
    assert lines["etc/shadow"] == layer.entries["etc/shadow"].line
    assert f"root:{HASH}:" in (tmp_path / "site/etc/shadow").read_text()


def test_an_image_over_its_budget_is_not_put_in_place(stack: Path, store: Store, tmp_path: Path) -> None:
    plan = plan_image(manifest("small", size_budget="100 kB"), read(stack), images=tmp_path / "images")
    with pytest.raises(BudgetError) as caught:
        build_image(plan, store=store, sink=ignore)
    assert not (tmp_path / "images").exists()
    assert caught.value.shares.modules[0][0] in {"core", "tools", "kernel"}
    assert {name for name, _ in caught.value.shares.packages} >= {"core/libbase", "slurm/munge", "tools/gawk"}
