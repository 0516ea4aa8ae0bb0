"""An image of real packages with the files of one of our modules in it, for tests that boot it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.formats.documents import load_recipe
from modpkg.host.files import receipt_of
from modpkg.host.run import run
from modpkg.initramfs.build import build_initrd
from modpkg.initramfs.files import Directory
from modpkg.model.image import Image, ImageDirectory, ImageFile
from modpkg.model.module import ModuleTest

if TYPE_CHECKING:
    from tests.support.small_root import SmallRoot

MODULES = Path(__file__).parents[2] / "recipes/modules"
LEFT_OUT = (
    "boot/*",
    "usr/share/doc/*",
    "usr/share/man/*",
    "usr/share/locale/*",
    "var/cache/apt/*",
    "var/lib/apt/*",
)


def read_rows(path: Path, **texts: str) -> tuple[ModuleTest, ...]:
    """Give the tests of a file of rows: name, commands, and what they print after `-- `, with words put in."""

    def row(text: str) -> ModuleTest:
        commands, _, words = text.rpartition("\n-- ")
        name, _, commands = commands.partition("\n")
        for word, meant in texts.items():
            words = words.replace(word, meant)
        return ModuleTest(name=name, run=commands, stdout=words.strip())

    return tuple(map(row, path.read_text().split("\n== ")[1:]))


def write_file(tree: Path, name: str, text: str) -> None:
    """Write a file in the place of what is there: the tree's files are links to those of the cache."""
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o755 if text.startswith("#!") else 0o644)


def node_image(
    module: str, root: SmallRoot, directory: Path, files: dict[str, str], tests: tuple[ModuleTest, ...]
) -> Path:
    """Make an image directory of a root, a module as its recipe says, and further files."""
    place = MODULES / module
    directory.mkdir()
    tree = directory / "tree"
    run(["cp", "--archive", "--link", root.tree, tree])
    recipe = load_recipe(place / "recipe.yaml")
    for content in recipe.contents:
        if content.src is None:
            (tree / content.dst.lstrip("/")).mkdir(parents=True)
        else:
            write_file(tree, content.dst.lstrip("/"), (place / content.src).read_text())
    for unit in recipe.services.enable:
        text = (place / unit).read_text()
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
        tests={module: tests},
    )
    (directory / "image.json").write_text(about.model_dump_json())
    return directory
