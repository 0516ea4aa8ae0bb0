import pytest

from modpkg.host import tools
from modpkg.host.run import run
from modpkg.model.settings import Mount, NodeNetwork, Share
from modpkg.node.unit_files import escape_path, mount_files, mount_links, network_files, share_files

# Each was given by systemd-escape --path of systemd 252.
NAMES = {
    "/": "-",
    "/home": "home",
    "/srv/common": "srv-common",
    "/a-b/c_d": "a\\x2db-c_d",
    "/.hidden/.x": "\\x2ehidden-.x",
    "/scratch/@1:2": "scratch-\\x401:2",
    "/däta": "d\\xc3\\xa4ta",
    "/a%h/$x'": "a\\x25h-\\x24x\\x27",
}


@pytest.mark.parametrize(("path", "name"), NAMES.items())
def test_a_unit_is_named_as_systemd_names_it(path: str, name: str) -> None:
    assert escape_path(path) == name


@pytest.mark.programs
@pytest.mark.skipif(tools.find("systemd-escape") is None, reason="systemd is not installed here")
@pytest.mark.parametrize("path", NAMES)
def test_systemd_escape_agrees(path: str) -> None:
    assert run(["systemd-escape", "--path", path]).stdout == f"{escape_path(path)}\n"


def test_a_mount_of_nfs_is_made_when_it_is_looked_into() -> None:
    mount = Mount(source="10.0.0.1:/home", options="rw,hard")
    files = mount_files("/home", mount)
    unit, auto = (files[f"/etc/systemd/system/home.{kind}"] for kind in ("mount", "automount"))
    assert "What=10.0.0.1:/home\nWhere=/home\nType=nfs\nOptions=rw,hard\n" in unit
    assert "Where=/home\n" in auto
    assert mount_links("/home", mount) == {
        "/etc/systemd/system/remote-fs.target.wants/home.automount": "../home.automount"
    }


def test_a_mount_of_a_disk_is_one_of_the_local_file_systems() -> None:
    (path,) = mount_links("/data", Mount(source="/dev/sda1", type="ext4"))
    assert path == "/etc/systemd/system/local-fs.target.wants/data.automount"
    assert (
        "Options"
        not in mount_files("/data", Mount(source="/dev/sda1", type="ext4"))["/etc/systemd/system/data.mount"]
    )


def test_percent_signs_are_no_specifiers() -> None:
    texts = mount_files("/%h", Mount(source="%i:/%%", options="a=%u")).values()
    assert "What=%%i:/%%%%\nWhere=/%%h\nType=nfs\nOptions=a=%%u\n" in "".join(texts)


def test_the_share_is_mounted_early_and_read_only() -> None:
    ((path, text),) = share_files(Share(source="10.0.0.1:/srv/common")).items()
    assert path == "/etc/systemd/system/srv-common.mount"
    assert "DefaultDependencies=no\n" in text
    assert "What=10.0.0.1:/srv/common\nWhere=/srv/common\nType=nfs\nOptions=ro,soft" in text


@pytest.mark.parametrize(
    ("network", "lines"),
    [
        (
            NodeNetwork(address="dhcp"),
            ["[Match]", "Name=ib0", "[Network]", "LinkLocalAddressing=no", "DHCP=ipv4"],
        ),
        (
            NodeNetwork(address="10.1.0.5/16", gateway="10.1.0.1", mtu=9000),
            [
                *("[Match]", "Name=ib0", "[Link]", "MTUBytes=9000", "[Network]", "LinkLocalAddressing=no"),
                *("Address=10.1.0.5/16", "Gateway=10.1.0.1"),
            ],
        ),
    ],
)
def test_a_network_is_a_file_of_networkd(network: NodeNetwork, lines: list[str]) -> None:
    ((path, text),) = network_files("ib0", network).items()
    assert path == "/etc/systemd/network/20-modpkg-ib0.network"
    assert [line for line in text.splitlines() if line and not line.startswith("#")] == lines


def test_a_name_of_the_kernel_is_kept() -> None:
    files = network_files("eth1", NodeNetwork(address="dhcp"))
    assert "OriginalName=eth1\n\n[Link]\nName=eth1\n" in files["/etc/systemd/network/20-modpkg-eth1.link"]
