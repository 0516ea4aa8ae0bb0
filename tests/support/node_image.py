"""An image of real packages with the module `node` in it, for tests that boot it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.formats.documents import load_recipe
from modpkg.host.files import receipt_of
from modpkg.host.run import run
from modpkg.initramfs.build import build_initrd
from modpkg.initramfs.files import Directory
from modpkg.model.image import Image, ImageDirectory, ImageFile

if TYPE_CHECKING:
    from modpkg.model.module import ModuleTest
    from tests.support.small_root import SmallRoot

MODULE = Path(__file__).parents[2] / "recipes/modules/node"
LEFT_OUT = (
    "boot/*",
    "usr/share/doc/*",
    "usr/share/man/*",
    "usr/share/locale/*",
    "var/cache/apt/*",
    "var/lib/apt/*",
)


def write_file(tree: Path, name: str, text: str) -> None:
    """Write a file in the place of what is there: the tree's files are links to those of the cache."""
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text)


def node_image(
    root: SmallRoot, directory: Path, files: dict[str, str], tests: tuple[ModuleTest, ...]
) -> Path:
    """Make an image directory of a root, the module as its recipe says, and further files."""
    directory.mkdir()
    tree = directory / "tree"
    run(["cp", "--archive", "--link", root.tree, tree])
    recipe = load_recipe(MODULE / "recipe.yaml")
    for content in recipe.contents:
        if content.src is None:
            (tree / content.dst.lstrip("/")).mkdir(parents=True)
        else:
            write_file(tree, content.dst.lstrip("/"), (MODULE / content.src).read_text())
    for unit in recipe.services.enable:
        text = (MODULE / unit).read_text()
        target = text.partition("WantedBy=")[2].split()[0]
        link = tree / f"etc/systemd/system/{target}.wants/{unit}"
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(f"../{unit}")
    for name, text in files.items():
        write_file(tree, name, text)
    words = ["-comp", "zstd", "-Xcompression-level", "1", "-no-progress", "-quiet", "-no-xattrs"]
    run(["mksquashfs", tree, directory / "root.squashfs", *words, "-wildcards", "-e", *LEFT_OUT])
    build_initrd(Directory(root.tree), kernel=root.kernel, modules=(), destination=directory / "initrd")
    (directory / "vmlinuz").write_bytes(root.vmlinuz.read_bytes())
    receipts = {name: receipt_of(directory / name) for name in ("vmlinuz", "initrd", "root.squashfs")}
    about = ImageDirectory(
        name="small",
        image=Image(version="1.0.0-1.bcdfghjklm", platform="bookworm", architecture="amd64", modules=()),
        kernel=root.kernel,
        kernel_arguments=(),
        files={name: ImageFile(size=r.size, sha256=r.sha256) for name, r in receipts.items()},
        waits_for_site=(),
        tests={"node": tests},
    )
    (directory / "image.json").write_text(about.model_dump_json())
    return directory
