"""A small cluster in documents, for tests."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from modpkg.formats.node_documents import load_nodes
from modpkg.model.image import Image, ImageDirectory, ImageFile
from modpkg.model.inventory import Nodes
from modpkg.node.dnsmasq import PROGRAMS

BASE = Path(__file__).parents[1] / "golden" / "nodes" / "base" / "recipes"


def copy_recipes(directory: Path) -> Path:
    """Copy the documents of three nodes into a directory and give their place."""
    return shutil.copytree(BASE, directory / "recipes")


def small_cluster() -> Nodes:
    """Give the three nodes: beo-01, beo-02 and login-1."""
    return load_nodes(BASE)


def image_about(name: str = "compute", *, root: str = "root", **fields: Any) -> ImageDirectory:
    """Give what image.json says of an image of a few bytes."""
    texts = {"vmlinuz": "kernel", "initrd": "initrd", "root.squashfs": root}
    about = {
        "name": name,
        "image": Image(
            version="12.0.3-67.bcdfghjklm", platform="bookworm", architecture="amd64", modules=(), marks=()
        ),
        "kernel": "6.1.0",
        "kernel_arguments": ("mitigations=off",),
        "files": {file: file_of(text) for file, text in texts.items()},
        "waits_for_site": (),
        "tests": {},
        **fields,
    }
    return ImageDirectory(**about)


def file_of(text: str) -> ImageFile:
    """Give size and digest of a file of an image."""
    return ImageFile(size=len(text), sha256=hashlib.sha256(text.encode()).hexdigest())


def write_image(directory: Path, name: str = "compute", *, content: str = "root") -> ImageDirectory:
    """Write an image directory of a few bytes, complete with what a head serves."""
    directory.mkdir(parents=True)
    for file, text in {"vmlinuz": "kernel", "initrd": "initrd", "root.squashfs": content}.items():
        (directory / file).write_text(text)
    about = image_about(name, root=content)
    (directory / "image.json").write_text(about.model_dump_json())
    return about


def programs(directory: Path) -> Path:
    """Write files that stand in for iPXE's programs, and give their folder."""
    directory.mkdir()
    for name in PROGRAMS:
        (directory / name).write_bytes(name.encode())
    return directory
