"""Image directories and locks made up for tests: whole, valid, with no program run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modpkg.formats.canonical import digest_of, write_record
from modpkg.image.identity import image_of
from modpkg.model.image import ImageDirectory, ImageFile
from modpkg.model.lock import ImageLock, LockedModule
from modpkg.model.version import ModuleVersion, image_version
from modpkg.pipeline.build_image import directory_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.model.module import Module


def make_image_directory(
    images: Path, modules: Sequence[Module], *, name: str = "compute", **fields: Any
) -> Path:
    """Write image.json of an image of modules, and no other file, below `images`."""
    image = image_of(modules)
    about = {
        "name": name,
        "image": image,
        "kernel": "6.1.0",
        "kernel_arguments": ("quiet",),
        "files": {"root.squashfs": ImageFile(size=8192, sha256="d" * 64)},
        "waits_for_site": (),
        "tests": {},
        **fields,
    }
    directory = images / directory_name(name, image)
    directory.mkdir(parents=True)
    write_record(directory / "image.json", ImageDirectory(**about))
    return directory


def make_image_lock(modules: Sequence[Module], *, name: str = "compute", **fields: Any) -> ImageLock:
    """Give a lock of modules; the digests of their packages are made of their names."""
    versions = {module.name: ModuleVersion.parse(module.version) for module in modules}
    known = {
        "name": name,
        "platform": "bookworm",
        "architecture": "amd64",
        "channel": "testing",
        "snapshot": "1",
        "manifest": "0" * 64,
        "version": str(image_version("bookworm", "amd64", versions)),
        "modules": tuple(
            LockedModule(
                name=one.name,
                version=one.version,
                deb_sha256=digest_of(one.name),
                deb_path=f"pool/{one.name}.deb",
                fragment_sha256=one.fragment.sha256,
                fragment_size=one.fragment.size,
            )
            for one in modules
        ),
    }
    return ImageLock(**{**known, **fields})
