from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from modpkg.events import Event, Warned, ignore
from modpkg.host.files import digest_file
from modpkg.host.run import run
from modpkg.image.identity import image_of
from modpkg.image.site import SiteLayer
from modpkg.model.image import ImageDirectory, SiteMark
from modpkg.model.manifest import Manifest, ModulePin
from modpkg.openpgp.keys import dearmored
from modpkg.pipeline.build_image import Plan
from modpkg.pipeline.describe_image import Pens, describe, uki_name
from tests.support.directories import FILES, RECORDED
from tests.support.keys import make_test_key
from tests.support.stack import make_module

if TYPE_CHECKING:
    from pathlib import Path

MODULE = make_module("core", kernel="6.1.0")
MARK = SiteMark(digest="cd" * 32, fingerprint="bcdfghjklm")


def plan(directory: Path, **fields: Any) -> Plan:
    pins = (ModulePin(name="core", version="~12"),)
    return Plan(
        manifest=Manifest(name="compute", platform="bookworm", channel="testing", modules=pins),
        modules=(MODULE,),
        image=image_of([MODULE]),
        directory=directory,
        reason="x",
        **fields,
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Give a directory with what an assembly leaves."""
    made = tmp_path / "images/compute"
    made.mkdir(parents=True)
    for name in ("initrd", "root.squashfs", "vmlinuz"):
        (made / name).write_text(name)
    return made


def described(directory: Path, *, pens: Pens | None = None, **fields: Any) -> ImageDirectory:
    made = plan(directory, **fields)
    return describe(made, directory, kernel="6.1.0", pens=pens or Pens(), sink=ignore)


def test_everything_is_there_and_summed(directory: Path) -> None:
    record = described(directory)
    assert {path.name for path in directory.iterdir()} == FILES
    assert record.files.keys() == RECORDED
    assert run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=directory).stdout == ""
    assert json.loads((directory / "sbom.spdx.json").read_text())["name"].startswith("compute-12.0.0-1.")


def test_a_second_time_gives_the_same_bytes(directory: Path, tmp_path: Path) -> None:
    other = shutil.copytree(directory, tmp_path / "elsewhere/other")
    described(directory)
    described(other)
    assert all((directory / name).read_bytes() == (other / name).read_bytes() for name in FILES)


def test_a_site_layer_is_for_its_owner_alone_and_its_mark_is_told(directory: Path) -> None:
    (directory / "site.squashfs").write_text("site")
    record = described(directory, site=SiteLayer(mark=MARK, entries={}))
    assert record.site == MARK
    assert (directory / "site.squashfs").stat().st_mode & 0o777 == 0o600
    words = (directory / "cmdline").read_text().split()
    assert words[-2:] == [
        "modpkg.site=site.squashfs",
        f"modpkg.site-sha256={digest_file(directory / 'site.squashfs')}",
    ]


def test_without_a_key_the_sums_are_not_signed_and_that_is_said(directory: Path) -> None:
    events: list[Event] = []
    describe(plan(directory), directory, kernel="6.1.0", pens=Pens(), sink=events.append)
    (warned,) = events
    assert isinstance(warned, Warned)
    assert warned.message == "SHA256SUMS of compute is not signed, as there is no key"
    assert not (directory / "SHA256SUMS.gpg").exists()


@pytest.mark.programs
def test_a_key_signs_the_sums(directory: Path, tmp_path: Path) -> None:
    signer = make_test_key(tmp_path, "site").signer
    described(directory, pens=Pens(sums=signer))
    with signer.session() as session:
        (tmp_path / "ring").write_bytes(dearmored(session.public()))
    words = ["gpgv", "--keyring", tmp_path / "ring", "SHA256SUMS.gpg", "SHA256SUMS"]
    assert "Good signature" in run(words, cwd=directory).stderr
    assert "SHA256SUMS.gpg" not in (directory / "SHA256SUMS").read_text()
    signature = (directory / "SHA256SUMS.gpg").read_bytes()
    for name in FILES - {"initrd", "root.squashfs", "vmlinuz"} | {"SHA256SUMS.gpg"}:
        (directory / name).unlink()
    described(directory, pens=Pens(sums=signer))
    assert (directory / "SHA256SUMS.gpg").read_bytes() == signature


@pytest.mark.programs
def test_an_efi_program_is_made_where_it_is_asked_for(directory: Path) -> None:
    record = described(directory, uki=True)
    name = uki_name("compute")
    assert name == "compute.efi"
    assert record.files[name].sha256 == digest_file(directory / name)
    assert (directory / "cmdline").read_text().strip().encode() in (directory / name).read_bytes()
    assert sorted(path.name for path in directory.parent.iterdir()) == ["compute"]
