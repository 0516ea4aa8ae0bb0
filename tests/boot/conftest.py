"""Image directories to boot, made from a small root."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.events import ignore
from modpkg.host.files import receipt_of
from modpkg.image.site import SiteLayer, compose
from modpkg.image.site_tree import SiteJob, build_site
from modpkg.initramfs.build import build_initrd
from modpkg.model.image import SITE, Image, ImageDirectory, ImageFile
from modpkg.model.module import ModuleTest, State
from tests.support.site import HASH, KEY, parts, write_site
from tests.support.small_root import SmallRoot, small_root
from tests.support.stack import make_module

FILES = ("vmlinuz", "initrd", "root.squashfs")
MakeImage = Callable[..., Path]


@pytest.fixture(scope="session")
def root() -> SmallRoot:
    return small_root()


@pytest.fixture(scope="session")
def initrd(root: SmallRoot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("initrd") / "initrd"
    return build_initrd(root.tree, kernel=root.kernel, modules=(), destination=path).path


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
        return write_about(directory, root, tests or {}, site)

    return make


def write_about(
    directory: Path, root: SmallRoot, tests: dict[str, tuple[ModuleTest, ...]], site: SiteLayer | None
) -> Path:
    receipts = {name: receipt_of(directory / name) for name in (*FILES, *([SITE] if site else []))}
    about = ImageDirectory(
        name="small",
        image=Image(version="1.0.0-1.bcdfghjklm", platform="bookworm", architecture="amd64", modules=()),
        kernel=root.kernel,
        kernel_arguments=(),
        files={name: ImageFile(size=r.size, sha256=r.sha256) for name, r in receipts.items()},
        waits_for_site=(),
        tests=tests,
        site=site.mark if site else None,
    )
    (directory / "image.json").write_text(about.model_dump_json())
    return directory
