"""Which EFI programs a head makes: one for each image and command line, told to the nodes that boot by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.formats.node_documents import load_nodes
from modpkg.model.image import SiteMark
from modpkg.model.node import HeadImage
from modpkg.node.arguments import node_arguments
from modpkg.node.dnsmasq import dnsmasq_text, hosts_text
from modpkg.node.head import head_files
from modpkg.node.uki import HeadUki, distinct, plan_ukis
from tests.support.nodes import copy_recipes, file_of, image_about

if TYPE_CHECKING:
    from modpkg.model.inventory import Nodes

IMAGE = HeadImage(directory="compute_1_abc", about=image_about(kernel_arguments=("a=1 b=2",)))
IMAGES = {"compute": IMAGE}


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    recipes = copy_recipes(tmp_path)
    (recipes / "nodes/own.yaml").write_text("nodes:\n  beo-01: {boot: uki}\n  beo-02: {boot: uki}\n")
    return load_nodes(recipes)


def ukis_of(nodes: Nodes, salt: str = "") -> dict[str, HeadUki]:
    return plan_ukis(nodes, IMAGES, salt=salt)


def test_nodes_that_are_told_the_same_share_a_program_and_others_have_none(nodes: Nodes) -> None:
    found = ukis_of(nodes)
    assert list(found) == ["beo-01", "beo-02"]
    assert found["beo-01"] is found["beo-02"]
    (uki,) = distinct(found)
    assert uki.file == f"compute_12.0.3-67.bcdfghjklm_{uki.mark}.efi"
    assert uki.command_line == (
        "a=1 b=2 quiet modpkg.image=http://10.0.0.1/images/compute_1_abc/root.squashfs"
        f" modpkg.sha256={IMAGE.sha256} modpkg.nodes=http://10.0.0.1/node/"
    )


def test_another_word_content_stub_or_key_is_another_program(nodes: Nodes, tmp_path: Path) -> None:
    first = ukis_of(nodes)["beo-01"]
    (tmp_path / "recipes/nodes/own.yaml").write_text("nodes: {beo-01: {boot: uki, kernel-arguments: [x]}}\n")
    other_word = ukis_of(load_nodes(tmp_path / "recipes"))["beo-01"]
    files = {**IMAGE.about.files, "initrd": file_of("another")}
    other = {"compute": replace(IMAGE, about=IMAGE.about.model_copy(update={"files": files}))}
    marks = {first.mark, other_word.mark, ukis_of(nodes, "x")["beo-01"].mark}
    marks.add(plan_ukis(nodes, other, salt="")["beo-01"].mark)
    assert len(marks) == 4


def test_dnsmasq_gives_it_by_tftp_and_http_to_the_nodes_that_have_its_tag(nodes: Nodes) -> None:
    found = ukis_of(nodes)
    mark, file = found["beo-01"].mark, found["beo-01"].file
    lines = dnsmasq_text(nodes.cluster, Path("/srv/head"), distinct(found)).splitlines()
    assert f"dhcp-boot=tag:!ipxe,tag:uki-{mark},tag:http,http://10.0.0.1/uki/{file}" in lines
    assert f"dhcp-boot=tag:!ipxe,tag:uki-{mark},tag:!http,tag:efi64,uki/{file},,10.0.0.1" in lines
    hosts = hosts_text(nodes, found).splitlines()
    assert hosts[0] == f"52:54:00:00:00:01,set:uki,set:uki-{mark},10.0.1.1,beo-01"
    assert "set:" not in hosts[2]


def test_what_is_said_about_one_node_lies_beside_its_record(nodes: Nodes) -> None:
    files = head_files(nodes, IMAGES, ukis_of(nodes), root=Path("/srv/head"))
    cards = [path for path in files if path.endswith(".arguments")]
    assert cards == [f"node/52:54:00:00:0{n}.arguments" for n in ("0:01", "0:02", "1:02")]
    words = files[cards[0]].split()
    assert words[:3] == [
        "modpkg.node=http://10.0.0.1/node/52:54:00:00:00:01.json",
        "modpkg.report=http://10.0.0.1/event/52:54:00:00:00:01",
        "modpkg.settings=http://10.0.0.1/settings/beo-01.sh",
    ]
    # A BIOS knows no such programs: every node has a script too.
    assert "modpkg.image=" in files["boot/52:54:00:00:00:01.ipxe"]


def test_layers_and_a_site_layer_are_served_and_named_with_their_digests(nodes: Nodes) -> None:
    extra = {name: file_of(name) for name in ("layers", "00-core.squashfs", "site.squashfs")}
    about = IMAGE.about.model_copy(
        update={
            "files": {**IMAGE.about.files, **extra},
            "layers": ("00-core.squashfs",),
            "site": SiteMark(digest="1" * 64, fingerprint="bcdfghjklm"),
        }
    )
    image = replace(IMAGE, about=about)
    assert image.served == (
        *("image.json", "initrd", "vmlinuz", "layers", "00-core.squashfs", "site.squashfs"),
    )
    assert image.sha256 == extra["layers"].sha256
    words = node_arguments(nodes.nodes["beo-01"], image, "http://h")
    assert words == (
        *("a=1", "b=2", "quiet"),
        "modpkg.layers=http://h/images/compute_1_abc/layers",
        f"modpkg.sha256={extra['layers'].sha256}",
        "modpkg.site=http://h/images/compute_1_abc/site.squashfs",
        f"modpkg.site-sha256={extra['site.squashfs'].sha256}",
    )
