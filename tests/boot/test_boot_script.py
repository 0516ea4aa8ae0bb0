"""`boot.sh` of an image directory, run where the directory was copied to. One boot that ends before systemd."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.host.files import digest_file
from modpkg.host.run import run
from modpkg.image.boot_files import boot_texts
from modpkg.node.boot import read_image
from modpkg.node.report import parse_stages

if TYPE_CHECKING:
    from collections.abc import Callable

    from modpkg.image.site import SiteLayer

pytestmark = [pytest.mark.boot, pytest.mark.programs, pytest.mark.network]


@pytest.fixture
def copied(make_image: Callable[..., Path], layer: SiteLayer, tmp_path: Path) -> Path:
    """Give a copy, elsewhere, of an image directory with a site layer and a root of some bytes."""
    image = make_image(content=b"no root\n" * 1000, site=layer)
    for name, text in boot_texts(read_image(image)).items():
        (image / name).write_text(text)
    (image / "boot.sh").chmod(0o755)
    sums = "".join(f"{digest_file(path)}  {path.name}\n" for path in sorted(image.iterdir()))
    (image / "SHA256SUMS").write_text(sums)
    return Path(shutil.copytree(image, tmp_path / "else where" / "image", symlinks=True))


def test_a_copy_boots_from_itself_and_refuses_a_site_layer_that_is_another(copied: Path) -> None:
    words = ["modpkg.retry=1", f"modpkg.site-sha256={'0' * 64}"]
    done = run([copied / "boot.sh", *words], env={"MEMORY": "512", "CPUS": "1"}, check=False)
    stages = {
        (event.stage, event.state): event.detail for event in parse_stages(done.stdout.replace("\r", ""))
    }
    fetched = stages["fetch", "end"].split(", ")
    sizes = [(copied / name).stat().st_size for name in ("root.squashfs", "site.squashfs")]
    assert [part.split(" bytes from ")[0] for part in fetched] == [str(size) for size in sizes]
    assert all("http://10.0.2.2:" in part for part in fetched)
    assert stages["verify", "failed"] == (
        f"the site layer's sha256 is {digest_file(copied / 'site.squashfs')}, wanted {'0' * 64}"
    )
    assert ("overlay", "start") not in stages
    place = str(copied).encode()
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [command for command in commands if place in command]


def test_a_file_that_rotted_is_not_booted(copied: Path) -> None:
    (copied / "vmlinuz").write_bytes(b"x")
    done = run([copied / "boot.sh"], check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"boot.sh: a file of {copied} is not what SHA256SUMS says"
