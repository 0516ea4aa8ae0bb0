"""The head's own servers: what they check, and that nodes get what the generation in use says."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Event, Warned
from modpkg.formats.node_documents import load_nodes
from modpkg.host import tools
from modpkg.host.files import temporary_directory
from modpkg.host.run import CommandError, run, running
from modpkg.node.grants import Grants
from modpkg.node.head import HeadPlaces
from modpkg.pipeline.head import plan_head, write_head
from modpkg.pipeline.images import read_image
from modpkg.pipeline.serve_head import check_head, serve_head
from modpkg.pipeline.watch_nodes import NodeStates
from tests.support.nodes import copy_recipes, programs, write_image
from tests.support.reports import body, boot_id, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

pytestmark = pytest.mark.programs
KNOWN = "52:54:00:00:00:01"
STRANGER = "52:54:00:00:99:99"


@contextmanager
def own_network() -> Iterator[str]:
    name = f"modpkg-{os.getpid()}-s"
    run(["ip", "netns", "add", name])
    try:
        run(["ip", "-n", name, "link", "add", "eth1", "type", "veth", "peer", "eth0"])
        run(["ip", "-n", name, "address", "add", "10.0.0.1/16", "dev", "eth1"])
        for device in ("eth0", "eth1", "lo"):
            run(["ip", "-n", name, "link", "set", device, "up"])
        yield name
    finally:
        run(["ip", "netns", "delete", name])


def running_in(network: list[str], words: list[Any], **options: Any) -> AbstractContextManager[Any]:
    return running([*network, tools.require(str(words[0])), *words[1:]], **options)


def run_in(network: list[str], words: list[Any], **options: Any) -> Any:
    return run([*network, tools.require(str(words[0])), *words[1:]], **options)


def reachable(network: list[str]) -> bool:
    words = [*network, "busybox", "wget", "-q", "-O", "/dev/null", "http://10.0.0.1/boot/unknown.ipxe"]
    return run(words, check=False).returncode == 0


def report(network: list[str], directory: Path, mac: str) -> str:
    """Let busybox, which is what nodes have, report a boot to the head."""
    (directory / "report").write_bytes(body(boot_id(), *lines_of("network", "fetch")))
    words = ["busybox", "wget", "-q", "-O", "/dev/null", "--post-file", str(directory / "report")]
    ended = run([*network, *words, f"http://10.0.0.1/event/{mac}"], check=False)
    return "refused" if ended.returncode else "reported"


def ask_grant(network: list[str], token: str) -> str:
    """Let busybox ask for a grant to wipe, as a node does."""
    words = ["busybox", "wget", "-q", "-O", "/dev/null", "--post-data", ""]
    ended = run([*network, *words, f"http://10.0.0.1/grant/{token}"], check=False)
    return "refused" if ended.returncode else "granted"


def image_of(root: Path) -> str:
    (folder,) = (root / "images").iterdir()
    return folder.name


def change(directory: Path, root: Path) -> None:
    path = directory / "recipes/nodes/compute.yaml"
    path.write_text(path.read_text().replace("[quiet]", "[xyz]"))
    image = directory / "image"
    nodes = load_nodes(directory / "recipes")
    write_head(
        plan_head(nodes, {"compute": (image, read_image(image))}, root=root, ipxe=directory / "ipxe"), root
    )


@pytest.fixture
def public() -> Iterator[Path]:
    """Give a folder that the servers, as users of their own, can enter."""
    with temporary_directory(Path(tempfile.gettempdir()), prefix="modpkg-head.") as path:
        path.chmod(0o755)
        yield path


@pytest.fixture
def root(public: Path) -> Path:
    image = public / "image"
    about = write_image(image)
    nodes = load_nodes(copy_recipes(public))
    root = public / "head"
    write_head(plan_head(nodes, {"compute": (image, about)}, root=root, ipxe=programs(public / "ipxe")), root)
    return root


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")
def test_the_servers_that_are_installed_accept_their_configuration(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {server: "ok" if tools.find(server) else "not installed" for server in ("dnsmasq", "nginx")}
    with own_network() as name:
        # nginx binds the head's address even when it only checks.
        monkeypatch.setattr("modpkg.pipeline.serve_head.run", partial(run_in, ["ip", "netns", "exec", name]))
        assert check_head(root) == expected


@pytest.mark.skipif(tools.find("dnsmasq") is None, reason="dnsmasq is not installed")
def test_what_dnsmasq_does_not_accept_is_told_in_its_words(root: Path) -> None:
    path = root / "current/dnsmasq.conf"
    path.write_text(f"{path.read_text()}dhcp-range=nonsense\n")
    with pytest.raises(CommandError, match="cannot run") as raised:
        check_head(root)
    assert "dhcp-range" in str(raised.value)


def test_without_a_configuration_nothing_is_served(tmp_path: Path) -> None:
    for use in (check_head, serve_head):
        with pytest.raises(ModpkgError, match="there is no configuration yet"):
            use(tmp_path)


@pytest.mark.skipif(
    tools.find("nginx") is None or tools.find("dnsmasq") is None, reason="nginx or dnsmasq is not installed"
)
@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")
def test_nodes_get_what_is_in_use_and_a_change_while_it_is_served(public: Path, root: Path) -> None:
    events: list[Event] = []
    token = Grants(HeadPlaces(root).grants).give("beo-01", ["a"]).token
    with own_network() as name:
        in_network = ["ip", "netns", "exec", name]

        def fetch(path: str) -> str:
            return run([*in_network, "busybox", "wget", "-q", "-O", "-", f"http://10.0.0.1/{path}"]).stdout

        seen: list[str] = []

        def until() -> bool:
            if len(seen) == 0 and reachable(in_network):
                seen.extend([fetch("boot/52:54:00:00:00:01.ipxe"), fetch("boot/52:54:00:00:99:99.ipxe")])
                seen.append(fetch("node/52:54:00:00:00:01.json"))
                seen.append(fetch(f"images/{image_of(root)}/root.squashfs"))
                change(public, root)
            if any(isinstance(event, Warned) for event in events):
                seen.append(fetch("boot/52:54:00:00:00:01.ipxe"))
                seen.extend(report(in_network, public, mac) for mac in (KNOWN, STRANGER))
                seen.extend(ask_grant(in_network, token) for _ in range(2))
            return len(seen) > 4

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("modpkg.pipeline.serve_head.running", partial(running_in, in_network))
            serve_head(root, sink=events.append, until=until)
    assert "quiet" in seen[0]
    assert "is in no inventory" in seen[1]
    assert '"name":"beo-01"' in seen[2]
    assert seen[3] == "root"
    assert "xyz" in seen[4]
    assert seen[5:] == ["reported", "refused", "granted", "refused"]
    assert [state.stage for state in NodeStates(root).now()] == ["fetch", "", ""]


def test_a_folder_that_the_servers_cannot_enter_is_told(root: Path) -> None:
    root.chmod(0o700)
    with pytest.raises(ModpkgError, match="cannot enter the folder of the head") as raised:
        check_head(root)
    assert raised.value.where == str(root)
