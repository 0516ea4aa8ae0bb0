import hashlib
import shlex
from typing import Any

import pytest

from modpkg.model.cluster import Cluster
from modpkg.model.inventory import Node
from modpkg.model.node import HeadImage
from modpkg.model.settings import Settings
from modpkg.node.settings_plan import Planner, SettingsPlan, etc_hosts_text, machine_id, quoted
from tests.support.nodes import image_about, small_cluster

IMAGE = HeadImage(directory="x", about=image_about())
NODE = Node(
    name="beo-01", macs=("52:54:00:00:00:01",), groups=("compute",), address="10.0.1.1", settings=Settings()
)


def cluster() -> Cluster:
    return small_cluster().cluster


def plan(address: str | None = "10.0.1.1", host_key: str | None = None, **said: Any) -> SettingsPlan:
    settings = Settings.model_validate({name.replace("_", "-"): value for name, value in said.items()})
    node = Node(name=NODE.name, macs=NODE.macs, groups=NODE.groups, address=address, settings=settings)
    planner = Planner(cluster=cluster(), hosts_sha256="6" * 64)
    return planner.plan(node, IMAGE, record='{"name":"beo-01"}\n', host_key=host_key)


def calls(made: SettingsPlan) -> list[list[str]]:
    """Give the words of each call, as a shell would read them."""
    words = shlex.split(made.text, comments=True)
    names = {
        "put",
        "put_for",
        "put_link",
        "put_fetched",
        "add_lines",
        "want",
        "zone",
        "head_key",
        "disk_keys",
    }
    found: list[list[str]] = []
    for word in words:
        if word in names or word == "resolver_of_lease":
            found.append([])
        found[-1].append(word)
    return found


def files(made: SettingsPlan) -> dict[str, str]:
    return {call[1]: call[-1] for call in calls(made) if call[0] in {"put", "add_lines"}}


def test_every_node_has_its_name_hosts_and_what_it_is_told() -> None:
    made = files(plan())
    assert made["/etc/hostname"] == "beo-01\n"
    assert 'MODPKG_NODE="beo-01"\n' in made["/run/modpkg/node.env"]
    assert 'MODPKG_GROUPS="compute"\n' in made["/run/modpkg/node.env"]
    assert '"name":"beo-01"' in made["/run/modpkg/node.json"]
    assert ["put_fetched", "/etc/hosts", "0644", "http://10.0.0.1/settings/hosts", "6" * 64] in calls(plan())
    assert ["resolver_of_lease"] in calls(plan())


def test_hosts_has_all_nodes_and_the_head() -> None:
    lines = etc_hosts_text(small_cluster()).splitlines()
    assert "10.0.0.1 head" in lines
    assert any(line.startswith("10.0.1.1 beo-01") for line in lines)
    assert "127.0.0.1 localhost" in lines


def test_a_node_without_an_address_finds_itself() -> None:
    assert files(plan(address=None))["/etc/hosts"].startswith("127.0.1.1 beo-01")
    assert "/etc/hosts" not in files(plan())


def test_the_kernel_s_arguments_name_the_plan_and_its_digest() -> None:
    made = plan()
    digest = hashlib.sha256(made.text.encode()).hexdigest()
    assert made.arguments == (
        "modpkg.settings=http://10.0.0.1/settings/beo-01.sh",
        f"modpkg.settings-sha256={digest}",
    )


def test_everything_that_is_said_is_in_the_plan() -> None:
    made = plan(
        networks={"eth1": {"address": "10.1.0.5/16"}},
        mounts={"/home": {"source": "10.0.0.1:/home"}},
        share={"source": "10.0.0.1:/srv/common"},
        ssh_keys=("ssh-ed25519 AAAA a@b", "ssh-rsa BBBB c@d"),
        roles=("login",),
        time={"zone": "Europe/Berlin", "servers": ("10.0.0.1", "10.0.0.2")},
        resolver={"servers": ("10.0.0.1",), "search": ("a.example", "b.example")},
    )
    assert files(made)["/root/.ssh/authorized_keys"] == "ssh-ed25519 AAAA a@b\nssh-rsa BBBB c@d\n"
    assert files(made)["/etc/resolv.conf"].endswith("search a.example b.example\nnameserver 10.0.0.1\n")
    assert {"/etc/systemd/system/home.automount", "/etc/systemd/system/srv-common.mount"} <= set(files(made))
    assert "/etc/systemd/network/20-modpkg-eth1.network" in files(made)
    units = [call[1] for call in calls(made) if call[0] == "want"]
    assert units == ["systemd-networkd.service", *cluster().roles["login"]]
    assert ["zone", "Europe/Berlin"] in calls(made)
    chrony, timesyncd = (call for call in calls(made) if call[0] == "put_for")
    assert chrony[1:3] == ["usr/sbin/chronyd", "/etc/chrony/chrony.conf"]
    assert "server 10.0.0.1 iburst\nserver 10.0.0.2 iburst\n" in chrony[3]
    assert timesyncd[3].endswith("NTP=10.0.0.1 10.0.0.2\n")


@pytest.mark.parametrize(
    ("said", "call"),
    [
        ({}, ["disk_keys", "may"]),
        ({"host_keys": "disk"}, ["disk_keys", "must"]),
        ({"host_keys": "boot"}, None),
    ],
)
def test_host_keys_are_on_the_disk_unless_the_node_is_told_otherwise(
    said: dict[str, str], call: list[str] | None
) -> None:
    found = [one for one in calls(plan(**said)) if one[0] in {"disk_keys", "head_key"}]
    assert found == ([call] if call else [])


def test_a_key_of_the_head_is_not_in_the_plan_only_its_digest() -> None:
    made = plan(host_key="SECRET\n", host_keys="head")
    assert "SECRET" not in made.text
    digest = hashlib.sha256(b"SECRET\n").hexdigest()
    assert ["head_key", "http://10.0.0.1/host-keys", digest] in calls(made)


@pytest.mark.parametrize("text", ["", "'", "'; reboot #", '$(x) `y` \\ " \n\t*', "''''", "é\u2028"])
def test_a_quoted_text_is_one_word(text: str) -> None:
    assert shlex.split(f"put {quoted(text)}") == ["put", text]


def test_a_chroot_is_named_where_the_node_looks_for_it() -> None:
    text = files(plan(chroot="debian"))["/run/modpkg/chroot.conf"]
    assert "SERVER=10.0.0.1\nPATH=/srv/chroots/debian\n" in text
    assert "/run/modpkg/chroot.conf" not in files(plan())


def test_a_machine_has_an_id_of_its_own_that_stays() -> None:
    made = ["put", "/etc/machine-id", "0444", f"{machine_id(cluster().name, NODE.name)}\n"]
    assert made in calls(plan())
    # Nodes that are up know theirs: it never changes.
    assert machine_id("beo", "beo-01") == "fe6a03b9be4950d0bfba28507d3c5bbb"
    assert (
        len({machine_id("beo", f"beo-{number}") for number in range(5000)} | {machine_id("x", "beo-1")})
        == 5001
    )
