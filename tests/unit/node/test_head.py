import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.formats.node_documents import load_nodes
from modpkg.model.node import HeadImage
from modpkg.node.dnsmasq import dnsmasq_text, hosts_text
from modpkg.node.head import head_files, named_images
from modpkg.node.ipxe import script_text
from tests.support.nodes import copy_recipes, image_about, small_cluster

ROOT = Path("/srv/head")
IMAGE = HeadImage(
    directory="compute_12.0.3-67.bcdfghjklm_0123456789ab",
    about=image_about(kernel_arguments=("mitigations=off", "console=tty0 console=ttyS0")),
)
FETCHED = (
    "modpkg.image=http://10.0.0.1/images/compute_12.0.3-67.bcdfghjklm_0123456789ab/root.squashfs",
    f"modpkg.sha256={IMAGE.sha256}",
)


def files() -> dict[str, str]:
    return head_files(small_cluster(), {"compute": IMAGE}, {}, root=ROOT)


def test_each_card_of_each_node_has_a_script_and_a_file() -> None:
    macs = ["52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:03", "52:54:00:00:01:02"]
    assert sorted(files()) == [
        *(f"boot/{mac}.ipxe" for mac in macs),
        "boot/unknown.ipxe",
        "dnsmasq.conf",
        "hosts",
        "nginx.conf",
        *(f"node/{mac}.json" for mac in macs),
        "settings/beo-01.sh",
        "settings/beo-02.sh",
        "settings/hosts",
        "settings/login-1.sh",
    ]


def test_a_script_names_kernel_initrd_image_digest_and_the_node_s_own_file() -> None:
    lines = files()["boot/52:54:00:00:00:01.ipxe"].splitlines()
    base = "http://10.0.0.1/images/compute_12.0.3-67.bcdfghjklm_0123456789ab"
    assert lines[0] == "#!ipxe"
    assert (
        f"kernel {base}/vmlinuz initrd=initrd mitigations=off console=tty0 console=ttyS0 quiet"
        f" modpkg.image={base}/root.squashfs modpkg.sha256={IMAGE.sha256}"
        " modpkg.settings=http://10.0.0.1/settings/beo-01.sh"
        f" modpkg.settings-sha256={hashlib.sha256(files()['settings/beo-01.sh'].encode()).hexdigest()}"
        " BOOTIF=01-${netX/mac:hexhyp} modpkg.node=http://10.0.0.1/node/${netX/mac}.json"
        " modpkg.report=http://10.0.0.1/event/${netX/mac} && goto initrd ||"
    ) in lines
    assert f"initrd --name initrd {base}/initrd && goto boot ||" in lines
    assert lines[-1] == "boot"


def test_a_script_jumps_to_labels_that_it_has() -> None:
    words = files()["boot/52:54:00:00:00:01.ipxe"].split()
    targets = {words[index + 1] for index, word in enumerate(words) if word == "goto"}
    assert targets == {word.removeprefix(":") for word in words if word.startswith(":")}


@pytest.mark.parametrize("word", ["a=$b", 'a="b"', "a='b'", "#x", "a|b", "a&b", "a\\b", ""])
def test_an_argument_that_ipxe_would_change_is_refused(word: str) -> None:
    with pytest.raises(BadInputError, match="iPXE would not pass on the kernel argument"):
        script_text("n", IMAGE, (word,), url="http://10.0.0.1")


def test_a_quoted_argument_of_the_image_is_refused_too() -> None:
    image = replace(IMAGE, about=image_about(kernel_arguments=('dyndbg="x y"',)))
    with pytest.raises(BadInputError, match="iPXE would not pass on"):
        head_files(small_cluster(), {"compute": image}, {}, root=ROOT)


def test_a_node_is_told_everything_in_one_line_of_json() -> None:
    text = files()["node/52:54:00:00:00:03.json"]
    told = json.loads(text)
    assert text.count("\n") == 1
    assert (told["format"], told["name"], told["cluster"], told["head"]) == (
        1,
        "login-1",
        "beo",
        "http://10.0.0.1",
    )
    assert told["image"] == {"name": "compute", "sha256": IMAGE.sha256, "version": IMAGE.version}
    assert told["services"] == ["ssh.service"]
    assert told["networks"]["eth1"] == {"address": "192.168.1.5/24", "gateway": "192.168.1.1", "mtu": None}
    assert told["mounts"]["/home"]["source"] == "10.0.0.1:/home"
    assert told["time"] == {"zone": "Europe/Berlin", "servers": ["10.0.0.1"]}
    assert told["resolver"] == {"servers": ["10.0.0.1"], "search": ["cluster.example.org"]}
    assert told["chroot"] is None


def test_a_chroot_is_told_with_its_server(tmp_path: Path) -> None:
    recipes = copy_recipes(tmp_path)
    (recipes / "nodes/own.yaml").write_text("nodes:\n  beo-02: {chroot: debian}\n")
    told = head_files(load_nodes(recipes), {"compute": IMAGE}, {}, root=ROOT)["node/52:54:00:00:00:02.json"]
    assert json.loads(told)["chroot"] == {
        "mode": "live",
        "name": "debian",
        "options": None,
        "path": "/srv/chroots/debian",
        "server": "10.0.0.1",
    }


def test_the_hosts_are_all_cards_the_address_if_there_is_one_and_the_name() -> None:
    assert hosts_text(small_cluster(), {}).splitlines() == [
        "52:54:00:00:00:01,10.0.1.1,beo-01",
        "52:54:00:00:00:02,52:54:00:00:01:02,10.0.1.2,beo-02",
        "52:54:00:00:00:03,login-1",
    ]


def test_a_head_that_gives_addresses_names_its_range_its_router_and_three_ways_to_boot() -> None:
    lines = dnsmasq_text(small_cluster().cluster, ROOT).splitlines()
    assert "port=0" in lines
    assert "dhcp-range=10.0.0.0,static,255.255.0.0,43200" in lines
    assert "dhcp-range=10.0.9.1,10.0.9.9,255.255.0.0,43200" in lines
    assert "dhcp-option=option:router,10.0.0.254" in lines
    assert "dhcp-boot=tag:!ipxe,tag:!uki,tag:http,http://10.0.0.1/tftp/snponly.efi" in lines
    assert "dhcp-boot=tag:ipxe,http://10.0.0.1/boot/${netX/mac}.ipxe" in lines
    assert not any("proxy" in line for line in lines)


def test_a_proxy_gives_no_addresses(tmp_path: Path) -> None:
    recipes = copy_recipes(tmp_path)
    text = (recipes / "cluster.yaml").read_text()
    text = text.replace("mode: full", "mode: proxy").replace("range: 10.0.9.1-10.0.9.9, ", "")
    (recipes / "cluster.yaml").write_text(text)
    lines = dnsmasq_text(load_nodes(recipes).cluster, ROOT).splitlines()
    assert "dhcp-range=10.0.0.0,proxy,255.255.0.0" in lines
    assert not any(line.startswith(("dhcp-boot", "dhcp-hostsfile", "dhcp-authoritative")) for line in lines)
    assert sum(line.startswith("pxe-service=") for line in lines) == 6


def test_the_images_that_nodes_name_are_known_with_their_nodes() -> None:
    found = named_images(small_cluster())
    assert {name: [node.name for node in nodes] for name, nodes in found.items()} == {
        "compute": ["beo-01", "beo-02", "login-1"]
    }
