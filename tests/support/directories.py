"""What lies in an image directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.formats.canonical import write_record
from modpkg.host.files import receipt_of
from modpkg.model.image import Image, ImageDirectory, ImageFile, ImageModule, SiteMark

if TYPE_CHECKING:
    from pathlib import Path

RECORDED = frozenset(
    {
        *("boot.ipxe", "boot.sh", "changelog", "cmdline", "initrd"),
        *("packages", "root.squashfs", "sbom.spdx.json", "vmlinuz"),
    }
)
FILES = RECORDED | {"SHA256SUMS", "image.json"}
LETTERS = "cbdppkwfzz"


def made_image(
    images: Path, version: str, *, name: str = "compute", site: str = "", files: dict[str, str] | None = None
) -> Path:
    """Leave an image directory whose files have these texts."""
    plain = f"{name}_{version.rsplit(':', maxsplit=1)[-1]}_amd64"
    directory = images / (f"{plain}_site-{site}" if site else plain)
    directory.mkdir(parents=True)
    for path, text in (files or {}).items():
        (directory / path).write_text(text)
    receipts = {path.name: receipt_of(path) for path in directory.iterdir()}
    about = ImageDirectory(
        name=name,
        image=Image(
            version=version,
            platform="bookworm",
            architecture="amd64",
            modules=(ImageModule(name="core", version="12.0.3-41", fragment="ab" * 32, size=44_000_000),),
        ),
        kernel="6.1.0-42-amd64",
        kernel_arguments=(),
        files={path: ImageFile(size=one.size, sha256=one.sha256) for path, one in receipts.items()},
        waits_for_site=(),
        tests={},
        site=SiteMark(digest="cd" * 32, fingerprint=site) if site else None,
    )
    write_record(directory / "image.json", about)
    return directory
