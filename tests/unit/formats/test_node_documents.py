from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.formats.node_documents import load_nodes
from tests.support.nodes import copy_recipes, small_cluster


def test_a_node_has_what_cluster_groups_and_its_own_words_say() -> None:
    node = small_cluster().nodes["beo-02"]
    assert node.macs == ("52:54:00:00:00:02", "52:54:00:00:01:02")
    assert node.groups == ("compute", "home")
    assert node.address == "10.0.1.2"
    assert node.settings.image == "compute"
    assert list(node.settings.mounts) == ["/home"]
    assert node.settings.resolver is not None


def test_a_node_s_own_words_win_over_those_of_its_groups() -> None:
    login = small_cluster().nodes["login-1"]
    assert (login.address, login.settings.image, login.settings.roles) == (None, "compute", ("login",))
    assert list(login.settings.mounts) == ["/home"]


def test_an_own_address_wins_over_that_of_the_group(tmp_path: Path) -> None:
    recipes = copy_recipes(tmp_path)
    (recipes / "nodes/own.yaml").write_text("nodes:\n  beo-02: {address: 10.0.7.7}\n")
    nodes = load_nodes(recipes).nodes
    assert [nodes[name].address for name in ("beo-01", "beo-02")] == ["10.0.1.1", "10.0.7.7"]


def test_nodes_of_many_files_are_one_inventory_sorted_by_name(tmp_path: Path) -> None:
    recipes = copy_recipes(tmp_path)
    (recipes / "nodes/a.yaml").write_text(
        "macs: {zeta: '52:54:00:00:09:01', alpha: '52:54:00:00:09:02'}\n"
        "nodes: {zeta: {image: compute}, alpha: {image: compute}}\n"
    )
    assert list(load_nodes(recipes).nodes) == ["alpha", "beo-01", "beo-02", "login-1", "zeta"]


def test_the_url_of_the_head_names_its_port_where_it_has_to(tmp_path: Path) -> None:
    assert small_cluster().cluster.url == "http://10.0.0.1"
    recipes = copy_recipes(tmp_path)
    text = (recipes / "cluster.yaml").read_text()
    (recipes / "cluster.yaml").write_text(f"port: 8080\n{text}")
    assert load_nodes(recipes).cluster.url == "http://10.0.0.1:8080"


def test_a_folder_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot find the recipes"):
        load_nodes(tmp_path / "none")
