from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.host.run import run
from modpkg.model.settings import Settings
from modpkg.pipeline.host_keys import make_keys, read_keys, served_keys, web_account, write_served
from tests.support.nodes import small_cluster

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.inventory import Nodes

pytestmark = pytest.mark.programs


def with_keys(*names: str, address: bool = True) -> Nodes:
    """Give the small cluster with the keys of these nodes on the head."""
    nodes = small_cluster()
    changed = {
        name: dataclasses.replace(
            node,
            settings=Settings.model_validate({"host-keys": "head"}),
            address=node.address if address else None,
        )
        if name in names
        else node
        for name, node in nodes.nodes.items()
    }
    return dataclasses.replace(nodes, nodes=changed)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_keys_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    place = tmp_path / "head/host-keys"
    nodes = with_keys("beo-01", "beo-02")
    assert read_keys(nodes, place) == {"beo-01": "", "beo-02": ""}
    keys = make_keys(nodes, place)
    assert mode_of(place) == 0o700
    assert mode_of(place / "beo-01") == 0o600
    assert keys["beo-01"] != keys["beo-02"]
    public = run(["ssh-keygen", "-y", "-f", place / "beo-01"]).stdout
    assert public == (place / "beo-01.pub").read_text()
    assert make_keys(nodes, place) == keys


def test_a_key_that_was_begun_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / ".beo-01.new").write_text("half")
    assert make_keys(with_keys("beo-01"), tmp_path)["beo-01"].startswith(
        "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["beo-01", "beo-01.pub"]


def test_a_node_without_an_address_of_its_own_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="for beo-01, beo-02: no address of their own"):
        make_keys(with_keys("beo-01", "beo-02", address=False), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_no_key_is_wanted_where_none_is_kept(tmp_path: Path) -> None:
    assert make_keys(small_cluster(), tmp_path / "none") == {}
    assert not (tmp_path / "none").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file to another group needs root")
def test_a_generation_has_them_for_the_web_server_alone(tmp_path: Path) -> None:
    nodes = with_keys("beo-01")
    files = served_keys(nodes, {"beo-01": "SECRET\n"})
    assert files == {"host-keys/10.0.1.1": "SECRET\n"}
    write_served(files, tmp_path)
    path = tmp_path / "host-keys/10.0.1.1"
    assert path.read_text() == "SECRET\n"
    assert (mode_of(tmp_path / "host-keys"), mode_of(path)) == (0o750, 0o640)
    assert web_account() in {"www-data", "nginx"}
    assert path.group() == tmp_path.joinpath("host-keys").group() != "root"
