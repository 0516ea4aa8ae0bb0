"""The head's nginx gives the ssh key of a node to that node's address alone."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.formats.node_documents import load_nodes
from modpkg.host.files import temporary_directory
from modpkg.host.run import run, running
from modpkg.pipeline.head import plan_head, write_head
from tests.support.fetched import nginx_program
from tests.support.nodes import copy_recipes, programs, write_image

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.programs,
    pytest.mark.network,
    pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root"),
]
# Asks from an address that is given: wget would take the nearest.
ASK = """\
import http.client, sys
link = http.client.HTTPConnection("10.0.0.1", 80, timeout=10, source_address=(sys.argv[1], 0))
link.request("GET", sys.argv[2])
answer = link.getresponse()
print(answer.status, answer.read().decode(), end="")
"""


@contextmanager
def network(*addresses: str) -> Iterator[list[str]]:
    name = f"modpkg-{os.getpid()}-k"
    run(["ip", "netns", "add", name])
    try:
        run(["ip", "-n", name, "link", "set", "lo", "up"])
        for address in addresses:
            run(["ip", "-n", name, "address", "add", f"{address}/16", "dev", "lo"])
        yield ["ip", "netns", "exec", name]
    finally:
        run(["ip", "netns", "delete", name])


@pytest.fixture
def public() -> Iterator[Path]:
    """Give a folder that nginx's workers can enter."""
    with temporary_directory(Path(tempfile.gettempdir()), prefix="modpkg-keys.") as path:
        path.chmod(0o755)
        yield path


def test_a_key_is_given_to_its_node_s_address_alone(public: Path) -> None:
    recipes = copy_recipes(public)
    document = recipes / "nodes/compute.yaml"
    document.write_text(document.read_text().replace("[quiet]", "[quiet]\n    host-keys: head", 1))
    about = write_image(public / "image")
    root = public / "head"
    plan = plan_head(
        load_nodes(recipes), {"compute": (public / "image", about)}, root=root, ipxe=programs(public / "ipxe")
    )
    write_head(plan, root)
    key = (root / "host-keys/beo-01").read_text()
    assert key not in "".join(plan.files.values())
    words = [nginx_program(), "-e", "stderr", "-p", root, "-c", root / "current/nginx.conf"]
    with network("10.0.0.1", "10.0.1.1", "10.0.1.2", "10.0.1.77") as inside:

        def ask(address: str, path: str) -> str:
            return run([*inside, sys.executable, "-c", ASK, address, path], check=False).stdout

        with running([*inside, *words], on_line=lambda _: None):
            deadline = time.monotonic() + 30
            while not ask("10.0.1.1", "/boot/unknown.ipxe") and time.monotonic() < deadline:
                time.sleep(0.2)
            assert ask("10.0.1.1", "/host-keys") == f"200 {key}"
            other = ask("10.0.1.2", "/host-keys")
            assert other.startswith("200 ")
            assert other != f"200 {key}"
            assert ask("10.0.1.77", "/host-keys").startswith("404 ")
            for path in (
                "/host-keys/10.0.1.1",
                "/host-keys/../host-keys/10.0.1.1",
                "/settings/../host-keys/10.0.1.1",
            ):
                assert ask("10.0.1.77", path).startswith("404 ")
            assert ask("10.0.1.77", "/settings/beo-01.sh").startswith("200 #!/bin/busybox sh")


def test_a_key_stays_when_the_head_is_written_again(public: Path) -> None:
    recipes = copy_recipes(public)
    document = recipes / "nodes/compute.yaml"
    document.write_text(document.read_text().replace("[quiet]", "[quiet]\n    host-keys: head", 1))
    about = write_image(public / "image")
    root, ipxe = public / "head", programs(public / "ipxe")
    sources = {"compute": (public / "image", about)}
    dry = plan_head(load_nodes(recipes), sources, root=root, ipxe=ipxe, make=False)
    assert not root.exists()
    assert set(dry.keys.values()) == {""}
    first = plan_head(load_nodes(recipes), sources, root=root, ipxe=ipxe)
    write_head(first, root)
    again = plan_head(load_nodes(recipes), sources, root=root, ipxe=ipxe)
    assert again.keys == first.keys
    assert again.reason == ""
