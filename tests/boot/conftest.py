"""Image directories to boot, made from a small root."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.events import ignore
from modpkg.host.files import receipt_of
from modpkg.host.run import run
from modpkg.image.site import SiteLayer, compose
from modpkg.image.site_tree import SiteJob, build_site
from modpkg.image.verity import write_verity
from modpkg.initramfs.build import build_initrd
from modpkg.initramfs.files import Directory
from modpkg.model.image import LAYERS, SITE, VERITY, Image, ImageDirectory, ImageFile
from modpkg.model.module import ModuleTest, State
from tests.support.site import HASH, KEY, parts, write_site
from tests.support.small_root import SmallRoot, small_root
from tests.support.stack import make_module, write_files

FILES = ("vmlinuz", "initrd", "root.squashfs")
LAYERED = ("00-core.squashfs", "01-tools.squashfs", "02-glue.squashfs")
# What the layers above the small root hold; the topmost is the last.
UPPER = (
    {"etc/modpkg-test": "tools\n", "usr/share/modpkg-test/tools": "x"},
    {"etc/modpkg-test": "glue\n", "usr/share/modpkg-test/glue": "x"},
)
MakeImage = Callable[..., Path]


@pytest.fixture(scope="session")
def root() -> SmallRoot:
    return small_root()


@pytest.fixture(scope="session")
def initrd(root: SmallRoot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("initrd") / "initrd"
    return build_initrd(Directory(root.tree), kernel=root.kernel, modules=(), destination=path).path


@pytest.fixture
def layer(root: SmallRoot, tmp_path: Path) -> SiteLayer:
    """Give what a site adds to the small root."""
    document = f"root-password: {HASH}\nroot-keys: [{KEY}]\nresolver: {{nameservers: [10.0.0.3]}}\n"
    write_site(tmp_path, {"common.yaml": document, "common/etc/motd": "Welcome to this site\n"})
    lines = {
        f"etc/{name}": tuple((root.tree / "etc" / name).read_text().splitlines())
        for name in ("group", "passwd", "shadow")
    }
    paths = {"etc": "dir 0755 0 0", "root": "dir 0700 0 0"}
    core = make_module("core", state=State(lines=lines), paths=paths)
    layer = compose(parts(tmp_path), [core], image="small")
    assert layer is not None
    return layer


@pytest.fixture
def make_image(root: SmallRoot, initrd: Path, tmp_path: Path) -> MakeImage:
    def make(
        *,
        content: bytes | None = None,
        tests: dict[str, tuple[ModuleTest, ...]] | None = None,
        site: SiteLayer | None = None,
        verity: bool = False,
    ) -> Path:
        directory = tmp_path / "image"
        directory.mkdir()
        shutil.copyfile(root.vmlinuz, directory / "vmlinuz")
        os.link(initrd, directory / "initrd")
        if content is None:
            (directory / "root.squashfs").symlink_to(root.squashfs)
        else:
            (directory / "root.squashfs").write_bytes(content)
        if site is not None:
            (tmp_path / "site-work").mkdir()
            built = build_site(SiteJob(layer=site, work=tmp_path / "site-work"), ignore)
            built.file.rename(directory / SITE)
        hash_of_root = write_verity(directory / "root.squashfs", directory / VERITY) if verity else None
        return write_about(directory, root, tests or {}, site, verity=hash_of_root)

    return make


@pytest.fixture
def make_layered(root: SmallRoot, initrd: Path, tmp_path: Path) -> MakeImage:
    """Give what makes an image of three layers: the small root, one over it, and the glue."""

    def make(*, tests: dict[str, tuple[ModuleTest, ...]]) -> Path:
        directory = tmp_path / "image"
        directory.mkdir()
        shutil.copyfile(root.vmlinuz, directory / "vmlinuz")
        os.link(initrd, directory / "initrd")
        (directory / LAYERED[0]).symlink_to(root.squashfs)
        for number, texts in enumerate(UPPER, start=1):
            tree = write_files(tmp_path / f"tree{number}", texts)
            # A whiteout of overlayfs, as only root could make it in a tree.
            words = ["-all-root", "-noappend", "-quiet", "-no-progress", "-comp", "zstd"]
            gone = ["-p", "etc/debian_version c 0 0 0 0 0"] if number == 1 else []
            run(["mksquashfs", tree, directory / LAYERED[number], *words, *gone])
        lines = (f"{receipt_of(directory / name).sha256}  {name}\n" for name in LAYERED)
        (directory / LAYERS).write_text("".join(lines))
        return write_about(directory, root, tests, None, layers=LAYERED)

    return make


def write_about(
    directory: Path,
    root: SmallRoot,
    tests: dict[str, tuple[ModuleTest, ...]],
    site: SiteLayer | None,
    *,
    layers: tuple[str, ...] = (),
    verity: str | None = None,
) -> Path:
    names = (*FILES[:2], LAYERS, *layers) if layers else FILES
    names = (*names, *([SITE] if site else []), *([VERITY] if verity else []))
    receipts = {name: receipt_of(directory / name) for name in names}
    about = ImageDirectory(
        name="small",
        image=Image(version="1.0.0-1.bcdfghjklm", platform="bookworm", architecture="amd64", modules=()),
        kernel=root.kernel,
        kernel_arguments=(),
        files={name: ImageFile(size=r.size, sha256=r.sha256) for name, r in receipts.items()},
        waits_for_site=(),
        tests=tests,
        site=site.mark if site else None,
        layout="layered" if layers else "flat",
        layers=layers,
        verity=verity,
    )
    (directory / "image.json").write_text(about.model_dump_json())
    return directory
