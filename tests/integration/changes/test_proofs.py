"""verify-image, verify-module and check-proof on real images and packages, sound ones and spoilt ones."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from modpkg.deb.read import extract_fragment, read_module
from modpkg.deb.write import write_deb
from modpkg.host.files import receipt_of
from modpkg.model.module import ASSEMBLY_FORMAT
from modpkg.rootfs.inventory import inventory
from modpkg.rootfs.normalize import DIRECTORY_TIME
from modpkg.squashfs.pack import Settings, pack_tree, unpack
from tests.support.two_versions import command

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.two_versions import Versions

pytestmark = [pytest.mark.programs, pytest.mark.network]
SETTINGS = Settings(level=3, block_size=131072, time=DIRECTORY_TIME)


def flip(path: Path, offset: int) -> None:
    """Change one bit of a file, and nothing else of it: not even its time."""
    times = (path.stat().st_atime, path.stat().st_mtime)
    with path.open("r+b") as stream:
        stream.seek(offset)
        byte = stream.read(1)
        stream.seek(offset)
        stream.write(bytes([byte[0] ^ 1]))
    os.utime(path, times)


def spoilt_root(image: Path, work: Path, spoil: Callable[[Path], None]) -> None:
    """Change the tree inside of an image."""
    root, tree = image / "root.squashfs", work / "tree"
    unpack(root, tree)
    spoil(tree)
    root.unlink()
    pack_tree(tree, root, SETTINGS)


@pytest.fixture
def image(versions: Versions, tmp_path: Path) -> Path:
    """Give a copy of the image that a test may spoil."""
    return shutil.copytree(versions.new, tmp_path / versions.new.name)


def key(found: dict[str, Any]) -> tuple[str, str, str]:
    return found["path"], found["module"], found["kind"]


def test_an_image_is_proved_and_its_proof_can_be_checked(
    versions: Versions, image: Path, tmp_path: Path
) -> None:
    proof = tmp_path / "proof.json"
    found = versions.data("verify-image", "lights", "--proof", str(proof))
    assert (found["verdict"], found["differences"], found["guilty"]) == ("equal", [], [])
    names = {path.name for path in versions.new.iterdir()}
    assert set(found["subjects"]) == names - {"SHA256SUMS.gpg"}, "a signature speaks for itself"
    assert json.loads(proof.read_text())["payloadType"] == "application/vnd.in-toto+json"
    good = versions.data("check-proof", str(image), "--proof", str(proof))
    assert (good["verdict"], len(good["signed_by"])) == ("equal", 40)
    flip(image / "vmlinuz", 3)
    bad = versions.data("check-proof", str(image), "--proof", str(proof), code=1)
    assert bad["verdict"] == "different"
    assert bad["reasons"][0].startswith("vmlinuz has the sha256 ")
    stranger = tmp_path / "stranger.asc"
    stranger.write_bytes(Path("/usr/share/keyrings/debian-archive-keyring.gpg").read_bytes())
    other = versions.data(
        "check-proof", str(image), "--proof", str(proof), "--keyring", str(stranger), code=3
    )
    assert (other["verdict"], other["signed_by"]) == ("cannot tell", "")


def test_each_kind_of_change_is_named_with_its_module(
    versions: Versions, image: Path, tmp_path: Path
) -> None:
    def spoil(tree: Path) -> None:
        flip(tree / "usr/sbin/munged", 1000)
        (tree / "usr/bin/beacon").chmod(0o777)
        (tree / "usr/lib/os-release").write_text("NAME=Evil\n")
        os.utime(tree / "etc/beacon.conf", (5, 5))
        os.chown(tree / "usr/bin/hostname", 7, 7, follow_symlinks=False)
        (tree / "usr/bin/virus").write_text("#!/bin/sh\n")
        (tree / "etc/systemd/system/multi-user.target.wants/munge.service").unlink()

    spoilt_root(image, tmp_path, spoil)
    flip(image / "packages", 10)
    found = versions.data("verify-image", str(image), code=1)
    assert found["verdict"] == "different"
    differences = {key(one): one for one in found["differences"] if one["kind"] != "time"}
    assert differences[("/usr/sbin/munged", "munge", "content")]["offset"] == 1000
    mode = differences[("/usr/bin/beacon", "lighthouse", "mode")]
    assert (mode["expected"], mode["found"], mode["part"]) == ("0755", "0777", "fragment")
    assert mode["version"] == "1.0.0-2"
    assert differences[("/usr/lib/os-release", "glue", "content")]["part"] == "glue"
    assert ("/usr/bin/hostname", "core", "owner") in differences
    assert ("/usr/bin/virus", "", "extra") in differences
    assert (
        "/etc/systemd/system/multi-user.target.wants/munge.service",
        "munge",
        "missing",
    ) in differences
    assert [one["file"] for one in found["differences"] if one["module"] == "assembly"] == ["packages"]
    times = {one["path"] for one in found["differences"] if one["kind"] == "time"}
    assert "/etc/beacon.conf" in times
    assert times <= {"/etc/beacon.conf", "/usr/bin", "/usr/lib/os-release", *parents(differences)}
    assert len(differences) == 7, sorted(differences)


def parents(differences: dict[tuple[str, str, str], Any]) -> set[str]:
    # Who adds or removes a file changes the time of its directory.
    return {str(Path(path).parent) for path, _, _ in differences}


def test_one_bit_of_the_squashfs_itself_is_found(versions: Versions, image: Path) -> None:
    root = image / "root.squashfs"
    flip(root, root.stat().st_size // 2)
    flip(image / "initrd", (image / "initrd").stat().st_size // 2)
    done = versions.modpkg("verify-image", str(image))
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"lights {image.name.split('_')[1]}: different (")
    assert lines[1] == "  guilty: core"
    assert any(line.startswith("  initrd:/bin/busybox [core 1.2.0-1] content from byte ") for line in lines)
    assert any(line.startswith("  root.squashfs:/usr/") and "[core 1.2.0-1]" in line for line in lines)


def test_a_squashfs_that_cannot_be_read_is_damage(versions: Versions, image: Path) -> None:
    flip(image / "root.squashfs", 50)
    found = versions.data("verify-image", str(image), code=1)
    (difference,) = found["differences"]
    assert (difference["file"], difference["kind"], difference["offset"]) == ("root.squashfs", "damage", 50)


def test_what_cannot_be_built_again_is_neither_equal_nor_different(
    versions: Versions, image: Path, tmp_path: Path
) -> None:
    gone = versions.data(
        "verify-image",
        str(image),
        "--store",
        str(tmp_path / "store"),
        "--work",
        str(tmp_path / "work"),
        code=3,
    )
    assert gone["verdict"] == "cannot tell"
    assert "cannot find 4 modules of the image" in gone["reasons"][0]
    path = image / "image.json"
    known = f'"assembly_format": {ASSEMBLY_FORMAT}'
    assert known in path.read_text()
    path.write_text(path.read_text().replace(known, '"assembly_format": 9'))
    done = versions.modpkg("verify-image", str(image), "--sign")
    assert done.returncode == 3
    assert "the image was made by rules 9" in done.stdout
    assert not (image / "proof.intoto.json").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("verify-image", "lihgts"), "did you mean 'lights'?"),
        (("verify-image", "1.2.0"), "cannot choose between 2 images that '1.2.0' may mean"),
        (("verify-image", "small"), "cannot find an image 'small'"),
        (("verify-image", "./nothing"), "there is no such directory"),
        (("check-proof", "lights"), "cannot find the proof"),
        (("verify-module", "lihgthouse", "--platform", "small"), "no module 'lihgthouse'"),
        (("verify-module", "./nothing.deb"), "there is no such file"),
    ],
)
def test_bad_input_ends_with_status_2(versions: Versions, words: tuple[str, ...], message: str) -> None:
    done = versions.modpkg(*words)
    assert done.returncode == 2, done.stdout
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_module_is_built_again_and_equal_to_its_packages(versions: Versions) -> None:
    found = versions.data("verify-module", "lighthouse", "--platform", "small", "--offline")
    assert (found["verdict"], found["differences"]) == ("equal", [])
    packages = versions.shop.work / "packages/small"
    names = {path.name for path in packages.iterdir() if "lighthouse-small_1.0.0-2" in path.name}
    names |= {path.name for path in packages.iterdir() if "lighthouse-small-1.0.0-2" in path.name}
    assert len(names) == 2
    assert names <= set(found["subjects"])


def test_a_published_rpm_is_equal_but_for_its_signature(versions: Versions) -> None:
    pool = versions.shop.work / "repository/www/pool"
    (rpm,) = pool.rglob("*lighthouse-small-1.0.0-2*.rpm")
    found = versions.data("verify-module", str(rpm), "--offline")
    assert found["verdict"] == "equal", found


def test_a_spoilt_package_is_told_to_the_byte(versions: Versions, tmp_path: Path) -> None:
    (deb,) = (versions.shop.work / "packages/small").glob("*lighthouse-small_1.0.0-2*.deb")
    module, fragment = read_module(deb), tmp_path / "fragment.squashfs"
    extract_fragment(deb, fragment)
    unpack(fragment, tmp_path / "tree")
    flip(tmp_path / "tree/usr/bin/beacon", 12)
    fragment.unlink()
    pack_tree(tmp_path / "tree", fragment, SETTINGS)
    receipt = receipt_of(fragment)
    facts = module.fragment.model_copy(update={"sha256": receipt.sha256, "size": receipt.size})
    changes = {"fragment": facts, "paths": inventory(tmp_path / "tree"), "summary": "Another light"}
    spoilt = write_deb(module.model_copy(update=changes), fragment=fragment, documents={}, directory=tmp_path)
    found = versions.data("verify-module", str(spoilt), "--offline", code=1)
    assert found["guilty"] == ["lighthouse"]
    told = [(one["file"], one["path"], one["kind"], one["offset"]) for one in found["differences"]]
    assert told[0] == ("fragment.squashfs", "/usr/bin/beacon", "content", 12)
    assert ("module.json", "/summary", "content", None) in told
    assert told[-1][0] == spoilt.name


def test_a_package_of_other_inputs_cannot_be_told(versions: Versions) -> None:
    (deb,) = (versions.shop.work / "packages/small").glob("*lighthouse-small_1.0.0-1*.deb")
    found = versions.data("verify-module", str(deb), "--offline", code=3)
    assert found["reasons"] == ["the recipes here are those of lighthouse 1.0.0-2, not of 1.0.0-1"]


def test_verifying_leaves_nothing_behind(versions: Versions) -> None:
    scratch = versions.shop.store.root / "scratch"
    before = sorted(path.name for path in versions.new.parent.iterdir())
    assert versions.modpkg("verify-module", "lighthouse", "--platform", "small", "--offline").returncode == 0
    assert list(scratch.iterdir()) == []
    assert sorted(path.name for path in versions.new.parent.iterdir()) == before


def test_a_sites_layer_is_taken_as_it_is_and_all_else_is_proved(versions: Versions, tmp_path: Path) -> None:
    for folder in ("recipes", "repo"):
        shutil.copytree(versions.shop.project / folder, tmp_path / folder)
    motd = tmp_path / "recipes/site/common/etc/motd"
    motd.parent.mkdir(parents=True)
    motd.write_text("Welcome\n")
    work = ("--work", str(tmp_path / "work"), "--output", "json")
    built = command(versions.shop, "build-image", "lights", *work, project=tmp_path)
    assert built.returncode == 0, built.stderr
    image = Path(json.loads(built.stdout)["directory"])
    assert "_site-" in image.name
    found = versions.data("verify-image", str(image))
    assert (found["verdict"], found["taken"], found["differences"]) == ("equal", ["site.squashfs"], [])
    flip(image / "site.squashfs", 200)
    flip(image / "cmdline", 3)
    bad = versions.data("verify-image", str(image), code=1)
    assert {one["file"] for one in bad["differences"]} == {
        *("SHA256SUMS", "boot.ipxe", "cmdline", "image.json"),
    }
