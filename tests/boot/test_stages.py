"""The stages' shell, judged by shellcheck, and its functions, run by the busybox that runs them in a node."""

import hashlib
import shlex
from pathlib import Path

import pytest

import modpkg.initramfs
from modpkg.host.run import Completed, run
from modpkg.node.receiver import MAX_REPORT_BYTES
from modpkg.node.report import parse_stages
from modpkg.node.serve import serving

pytestmark = pytest.mark.programs

SOURCE = Path(modpkg.initramfs.__file__).parent
SCRIPTS = sorted(SOURCE.rglob("*.sh"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    run(["shellcheck", "--shell=sh", "--external-sources", "--source-path=SCRIPTDIR", script])


def shell(text: str, arguments: str) -> str:
    words = ["busybox", "sh", "-eu", "-c", f". {shlex.quote(str(SOURCE))}/library.sh; {text}"]
    return run(words, env={"MODPKG_ARGUMENTS": arguments}).stdout


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("quiet modpkg.image=http://a/b?c=d ro", "http://a/b?c=d"),
        ("modpkg.image=old modpkg.image=new", "new"),
        ("xmodpkg.image=x modpkg.imagex=y", "default"),
        ("modpkg.image=", ""),
        ("modpkg.image=/*", "/*"),
        ("", "default"),
    ],
)
def test_a_kernel_argument_is_found_the_last_one_counts(arguments: str, found: str) -> None:
    assert shell("argument modpkg.image default", arguments) == f"{found}\n"


def test_of_an_argument_that_may_be_given_often_all_values_are_found() -> None:
    words = "ip=eth0:dhcp vip=x ip=10.0.0.7::10.0.0.1:/24::eth1 ip= quiet ip"
    assert shell("arguments ip", words) == "eth0:dhcp\n10.0.0.7::10.0.0.1:/24::eth1\n"


def test_what_the_head_says_about_a_node_counts_where_the_command_line_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("modpkg.node=http://head/x modpkg.sha256=bad\n")
    text = f"own_file={tmp_path}/own; argument modpkg.node; argument modpkg.sha256"
    assert shell(text, "modpkg.sha256=good") == "http://head/x\ngood\n"


def test_a_shell_comes_before_the_stage_that_is_named_and_before_no_other() -> None:
    text = "setsid() { echo shell; }; shell_before network; shell_before fetch"
    assert shell(text, "early-shell=fetch").splitlines()[1:] == ["shell"]
    assert shell(text, "early-shell") == ""


def network(text: str, arguments: str, sys: Path) -> str:
    """Run functions of the stage `network`, its devices those below `sys`."""
    stage = (SOURCE / "stages/network.sh").read_text().replace("/sys/class/net", str(sys))
    functions = stage[stage.index("# Devices of hardware") :].partition("\nip link set lo up\n")[0]
    return shell(f"reason_file=/dev/stdout; {functions}\n{text}", arguments)


@pytest.fixture
def sys(tmp_path: Path) -> Path:
    """Give two cards, the second taken by a bond, and the bond: as the kernel shows them."""
    addresses = {"eth0": "52:54:00:00:00:01", "eth1": "52:54:00:00:00:01", "bond0": "52:54:00:00:00:01"}
    for name, address in addresses.items():
        (tmp_path / "net" / name).mkdir(parents=True)
        (tmp_path / "net" / name / "address").write_text(f"{address}\n")
    for name in ("eth0", "eth1"):
        (tmp_path / "net" / name / "device").mkdir()
    (tmp_path / "net/eth1/bonding_slave").mkdir()
    (tmp_path / "net/eth1/bonding_slave/perm_hwaddr").write_text("52:54:00:00:00:02\n")
    return tmp_path / "net"


@pytest.mark.parametrize(
    ("word", "device"),
    [
        ("eth0", "eth0"),
        ("bond0", "bond0"),
        ("52-54-00-00-00-01", "eth0"),
        ("01-52-54-00-00-00-02", "eth1"),
        ("01-52-54-00-00-00-0A", ""),
        ("eth9", ""),
    ],
)
def test_a_device_is_named_by_its_name_or_its_card_s_own_mac(sys: Path, word: str, device: str) -> None:
    assert network(f"device_of {word}", "", sys).strip() == device


@pytest.mark.parametrize(
    ("arguments", "devices"),
    [
        ("", ["eth0", "eth1"]),
        ("BOOTIF=01-52-54-00-00-00-02", ["eth1"]),
        ("BOOTIF=01-00-00-00-00-00-00", ["eth0", "eth1"]),
        ("bond=bond0:eth0,eth1 BOOTIF=01-52-54-00-00-00-02", ["bond0"]),
        ("bond=bond0:eth0 vlan=vlan5:bond0", ["vlan5"]),
    ],
)
def test_dhcp_asks_on_the_topmost_device_that_was_made_or_on_the_card_booted_from(
    sys: Path, arguments: str, devices: list[str]
) -> None:
    assert network("candidates", arguments, sys).split() == devices


def test_a_device_that_is_not_there_ends_the_stage_with_those_that_are(sys: Path) -> None:
    said = network("(required eth7 vlan=vlan5:eth7) || echo ended", "", sys)
    assert said == "vlan=vlan5:eth7: there is no device eth7; there are: eth0 eth1 \nended\n"


def test_words_about_one_node_are_taken_by_its_card_and_only_harmless_ones(sys: Path, tmp_path: Path) -> None:
    told = b"modpkg.node=http://h/n modpkg.check=http://evil modpkg.sha256=0 modpkg.disks=http://h/d rd.x *\n"
    with serving({"node/52:54:00:00:00:02.arguments": told}) as server:
        text = (
            f"own_file={tmp_path}/own; own_words $(cards) && cat {tmp_path}/own; own_words none && echo once"
        )
        said = network(text, f"modpkg.nodes=http://127.0.0.1:{server.port}/node/", sys)
    assert said.splitlines() == ["modpkg.node=http://h/n", "modpkg.disks=http://h/d", "once"]
    assert network("own_words eth0 && echo nothing to ask", "quiet", sys) == "nothing to ask\n"


@pytest.mark.parametrize(
    ("arguments", "holds"),
    [("debug quiet", True), ("quiet debug", True), ("debug", True), ("debugger", False), ("a=debug", False)],
)
def test_a_flag_is_a_whole_word(arguments: str, *, holds: bool) -> None:
    assert shell("flag debug && echo yes || echo no", arguments) == ("yes\n" if holds else "no\n")


def test_a_digest_is_64_lower_case_digits_or_the_stage_ends() -> None:
    assert shell("digest modpkg.sha256", "modpkg.sha256=00ff") == "00ff\n"
    for bad in ("modpkg.sha256=00FF", "modpkg.sha256=", "quiet", "modpkg.sha256=../x"):
        text = "reason_file=/dev/stdout; (digest modpkg.sha256) || echo ended"
        assert shell(text, bad).endswith("or not in lower-case hexadecimal\nended\n")


def test_a_file_with_another_digest_goes(tmp_path: Path) -> None:
    file = tmp_path / "layer"
    file.write_text("x")
    right = hashlib.sha256(b"x").hexdigest()
    check = f"reason_file=/dev/stdout; (verify {shlex.quote(str(file))} WANTED 'layer 1') || echo ended"
    assert shell(check.replace("WANTED", right), "") == ""
    assert file.exists()
    said = shell(check.replace("WANTED", "0" * 64), "")
    assert said == f"layer 1's sha256 is {right}, wanted {'0' * 64}\nended\n"
    assert not file.exists()


def test_a_digest_of_what_came_counts_once_and_a_wrong_one_never(tmp_path: Path) -> None:
    file = tmp_path / "root"
    file.write_text("x")
    right, other = (hashlib.sha256(text).hexdigest() for text in (b"x", b"y"))
    place = tmp_path / "digests/root"
    place.parent.mkdir()
    place.write_text(f"{other}  -\n")
    text = f"reason_file=/dev/stdout; digests={tmp_path}/digests; verify {file} WANTED 'the image'"
    # What was digested while it came is believed, for once.
    assert shell(text.replace("WANTED", other), "") == ""
    assert not place.exists()
    # Of the first half of a file: the whole is read.
    place.write_text(f"{other}  -\n")
    assert shell(text.replace("WANTED", right), "") == ""
    assert file.exists()
    assert shell(f"({text.replace('WANTED', other)}) || true", "").startswith(
        f"the image's sha256 is {right}"
    )


@pytest.mark.parametrize(
    ("arguments", "lease", "found"),
    [
        ("modpkg.image=http://a/x,http://b/y", "http://c", ["http://a/x", "http://b/y"]),
        ("modpkg.image=x modpkg.base=http://a/d/", "http://c", ["http://a/d/x"]),
        ("modpkg.image=x modpkg.base=http://a,http://b", "", ["http://a/x", "http://b/x"]),
        ("modpkg.image=x,http://b/y", "http://c/d", ["http://c/d/x", "http://b/y"]),
        ("modpkg.image=x", "", []),
        ("modpkg.base=http://a", "http://c", []),
    ],
)
def test_a_name_alone_lies_where_the_base_is_or_where_the_node_booted_from(
    tmp_path: Path, arguments: str, lease: str, found: list[str]
) -> None:
    (tmp_path / "base").write_text(f"{lease}\n" if lease else "")
    # The function alone: the stage itself begins to mount and to fetch.
    stage = (SOURCE / "stages/fetch.sh").read_text()
    function = stage[stage.index("addresses() {") :].partition("\n}\n")[0] + "\n}\n"
    place = shlex.quote(str(tmp_path / "base"))
    printed = shell(f"base_file={place}; {function} addresses modpkg.image", arguments)
    assert printed.splitlines() == found


def lease_script(place: Path) -> Path:
    text = (SOURCE / "lease.sh").read_text()
    for path in ("/etc/resolv.conf", "/tmp/base"):  # noqa: S108 - the node's, not this machine's
        text = text.replace(path, f"{place}/{path.rpartition('/')[2]}")
    script = place / "lease.sh"
    script.write_text(text)
    return script


@pytest.mark.parametrize(
    ("answer", "booted", "base"),
    [
        ("bound", {"boot_file": "http://head/images/x/compute.efi"}, "http://head/images/x"),
        ("bound", {"bootfile": "http://head/compute.efi"}, "http://head"),
        ("renew", {"boot_file": "images/x/compute.efi"}, "http://10.0.0.9/images/x"),
        ("renew", {"boot_file": "compute.efi"}, "http://10.0.0.9"),
        ("bound", {}, "http://10.0.0.9"),
    ],
)
def test_a_lease_sets_address_one_route_name_servers_and_where_files_are(
    tmp_path: Path, answer: str, booted: dict[str, str], base: str
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ip").write_text(f'#!/bin/sh\necho "ip $*" >>{tmp_path}/log\n')
    (programs / "ip").chmod(0o755)
    environment = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "interface": "eth0",
        "ip": "10.0.0.7",
        "mask": "20",
        "router": "10.0.0.1 10.0.0.2",
        "dns": "10.0.0.3 10.0.0.4",
        "domain": "cluster",
        "siaddr": "10.0.0.9",
        **booted,
    }
    run(["dash", "-eu", lease_script(tmp_path), answer], env=environment)
    assert (tmp_path / "log").read_text().splitlines() == [
        "ip address flush dev eth0",
        "ip address add 10.0.0.7/20 dev eth0",
        "ip route replace default via 10.0.0.1 dev eth0",
    ]
    text = "search cluster\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n"
    assert (tmp_path / "resolv.conf").read_text() == text
    assert (tmp_path / "base").read_text() == f"{base}\n"


HEAD_LEASE = {"siaddr": "10.0.0.1", "boot_file": "http://10.0.0.1/images/x/compute.efi", "dns": "10.0.0.1"}
BARE_LEASE = {"siaddr": "192.168.5.1"}


@pytest.mark.parametrize(
    ("leases", "base", "servers"),
    [
        # A server of addresses alone takes nothing away, whichever is asked first.
        ((HEAD_LEASE, BARE_LEASE), "http://10.0.0.1/images/x", ["nameserver 10.0.0.1"]),
        ((BARE_LEASE, HEAD_LEASE), "http://10.0.0.1/images/x", ["nameserver 10.0.0.1"]),
        (({}, {"siaddr": "10.0.0.1"}), "http://10.0.0.1", []),
        (({"siaddr": "10.0.0.1"}, {}), "http://10.0.0.1", []),
        ((HEAD_LEASE, {"dns": "10.0.0.5"}), "http://10.0.0.1/images/x", ["nameserver 10.0.0.5"]),
    ],
)
def test_of_several_leases_each_counts_for_what_it_says(
    tmp_path: Path, leases: tuple[dict[str, str], ...], base: str, servers: list[str]
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ip").symlink_to("/bin/true")
    script = lease_script(tmp_path)
    for lease in leases:
        environment = {"PATH": f"{programs}:/usr/bin:/bin", "interface": "eth0", "ip": "10.0.0.7", **lease}
        run(["dash", "-eu", script, "bound"], env=environment)
    resolver = tmp_path / "resolv.conf"
    assert (tmp_path / "base").read_text() == f"{base}\n"
    assert (resolver.read_text().splitlines() if resolver.exists() else []) == servers


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (
            "modpkg.image=http://10.0.0.1/images/compute_12.0.0-1.bcdfg_0123456789ab/root.squashfs",
            "compute_12.0.0-1.bcdfg_0123456789ab",
        ),
        ("modpkg.image=http://a/x/root.squashfs,http://b/y/root.squashfs", "x"),
        ("modpkg.layers=http://a/z/layers", "z"),
        ("modpkg.image=root.squashfs", "root.squashfs"),
        ("quiet", ""),
    ],
)
def test_a_report_names_the_folder_of_the_image(arguments: str, name: str) -> None:
    assert shell("image_name", arguments) == f"{name}\n"


def told(place: Path, *words: str, pauses: str = "0") -> Completed:
    environment = {"MODPKG_TOLD": str(place), "MODPKG_PAUSES": pauses}
    return run(["busybox", "sh", SOURCE / "tell.sh", *words], env=environment, check=False)


def test_a_node_that_is_up_tells_the_head_one_line_more(tmp_path: Path) -> None:
    with serving({}) as server:
        (tmp_path / "report").write_text(f"http://127.0.0.1:{server.port}/event/x\n")
        (tmp_path / "events").write_text("modpkg-boot: x y\nmodpkg: 1.00 fetch start\n")
        assert told(tmp_path, "files", "end", "12", "files").returncode == 0
    assert (tmp_path / "reported").exists()
    (body,) = server.reports
    assert body.splitlines()[:2] == ["modpkg-boot: x y", "modpkg: 1.00 fetch start"]
    (event,) = parse_stages(body.splitlines()[2])
    assert (event.stage, event.state, event.detail) == ("files", "end", "12 files")


def test_of_much_the_first_and_the_newest_are_told(tmp_path: Path) -> None:
    lines = [f"modpkg: {second}.00 chroot failed {'x' * 900}" for second in range(700)]
    with serving({}) as server:
        (tmp_path / "report").write_text(f"http://127.0.0.1:{server.port}/event/x\n")
        (tmp_path / "events").write_text("\n".join(["modpkg-boot: x y", *lines, ""]))
        assert told(tmp_path, "chroot", "end", "joined").returncode == 0
    (body,) = server.reports
    assert len(body) < MAX_REPORT_BYTES
    assert body.startswith("modpkg-boot: x y\nmodpkg: 0.00 chroot failed")
    assert body.endswith(" chroot end joined\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events", "report", "reported"]


def test_a_head_that_is_away_is_asked_again_and_given_up(tmp_path: Path) -> None:
    # Nothing listens on the port of a server that has ended.
    with serving({}) as server:
        pass
    (tmp_path / "report").write_text(f"http://127.0.0.1:{server.port}/event/x\n")
    ended = told(tmp_path, "files", "end", pauses="0 0")
    assert (ended.returncode, (tmp_path / "reported").exists()) == (1, False)
    assert "the head did not take the report" in ended.stdout
    assert (tmp_path / "events").read_text().count("files end") == 1


def test_nobody_is_told_where_nobody_asked(tmp_path: Path) -> None:
    assert told(tmp_path, "files", "end").returncode == 0
    assert list(tmp_path.iterdir()) == []
