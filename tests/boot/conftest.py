"""Image directories to boot, made from a small root."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.host.files import receipt_of
from modpkg.initramfs.build import build_initrd
from modpkg.initramfs.files import Directory
from modpkg.model.image import Image, ImageDirectory, ImageFile
from modpkg.model.module import ModuleTest
from tests.support.small_root import SmallRoot, small_root

FILES = ("vmlinuz", "initrd", "root.squashfs")
MakeImage = Callable[..., Path]


@pytest.fixture(scope="session")
def root() -> SmallRoot:
    return small_root()


@pytest.fixture(scope="session")
def initrd(root: SmallRoot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("initrd") / "initrd"
    return build_initrd(Directory(root.tree), kernel=root.kernel, modules=(), destination=path).path


@pytest.fixture
def make_image(root: SmallRoot, initrd: Path, tmp_path: Path) -> MakeImage:
    def make(*, content: bytes | None = None, tests: dict[str, tuple[ModuleTest, ...]] | None = None) -> Path:
        directory = tmp_path / "image"
        directory.mkdir()
        shutil.copyfile(root.vmlinuz, directory / "vmlinuz")
        os.link(initrd, directory / "initrd")
        if content is None:
            (directory / "root.squashfs").symlink_to(root.squashfs)
        else:
            (directory / "root.squashfs").write_bytes(content)
        return write_about(directory, root, tests or {})

    return make


def write_about(directory: Path, root: SmallRoot, tests: dict[str, tuple[ModuleTest, ...]]) -> Path:
    receipts = {name: receipt_of(directory / name) for name in FILES}
    about = ImageDirectory(
        name="small",
        image=Image(version="1.0.0-1.bcdfghjklm", platform="bookworm", architecture="amd64", modules=()),
        kernel=root.kernel,
        kernel_arguments=(),
        files={name: ImageFile(size=r.size, sha256=r.sha256) for name, r in receipts.items()},
        waits_for_site=(),
        tests=tests,
    )
    (directory / "image.json").write_text(about.model_dump_json())
    return directory
