"""A small cluster in documents, for tests."""

import shutil
from pathlib import Path

from modpkg.formats.node_documents import load_nodes
from modpkg.model.inventory import Nodes

BASE = Path(__file__).parents[1] / "golden" / "nodes" / "base" / "recipes"


def copy_recipes(directory: Path) -> Path:
    """Copy the documents of three nodes into a directory and give their place."""
    return shutil.copytree(BASE, directory / "recipes")


def small_cluster() -> Nodes:
    """Give the three nodes: beo-01, beo-02 and login-1."""
    return load_nodes(BASE)
