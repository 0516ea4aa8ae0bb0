from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.formats.canonical import canonical_json, read_record
from modpkg.host.files import receipt_of
from modpkg.image.boot_files import boot_texts
from modpkg.model.image import ImageDirectory, ImageFile, SiteMark
from modpkg.pipeline.dress_image import dress, taken_files
from tests.support.images import make_image_directory
from tests.support.stack import make_module

if TYPE_CHECKING:
    from pathlib import Path

SITE = SiteMark(digest="a" * 64, fingerprint="bcdfghjklm")


def measured(directory: Path) -> dict[str, ImageFile]:
    receipts = {path.name: receipt_of(path) for path in sorted(directory.iterdir())}
    return {name: ImageFile(size=one.size, sha256=one.sha256) for name, one in receipts.items()}


def described(directory: Path, site: SiteMark | None) -> Path:
    """Write all texts of an image directory, as its build does."""
    record = read_record(directory / "image.json", ImageDirectory)
    (directory / "image.json").unlink()
    record = record.model_copy(update={"files": measured(directory), "site": site})
    for name, text in boot_texts(record).items():
        (directory / name).write_text(text)
    record = record.model_copy(update={"files": measured(directory)})
    (directory / "image.json").write_text(canonical_json(record))
    sums = "".join(f"{file.sha256}  {name}\n" for name, file in measured(directory).items())
    (directory / "SHA256SUMS").write_text(sums)
    return directory


def image(place: Path, extra: dict[str, str], site: SiteMark | None = None) -> Path:
    directory = make_image_directory(place, [make_module("core"), make_module("kernel")])
    for name, text in {"root.squashfs": "root", "initrd": "initrd", **extra}.items():
        (directory / name).write_text(text)
    return described(directory, site)


def texts(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.parametrize(
    ("extra", "site"),
    [
        ({"site.squashfs": "site"}, SITE),
        ({"compute.efi": "efi"}, None),
        ({"site.squashfs": "site", "compute.efi": "efi"}, SITE),
    ],
)
def test_what_no_module_makes_is_taken_and_all_else_is_written_as_a_build_does(
    tmp_path: Path, extra: dict[str, str], site: SiteMark | None
) -> None:
    found, built = image(tmp_path / "found", extra, site), image(tmp_path / "built", {})
    about = read_record(found / "image.json", ImageDirectory)
    assert dress(built, found, about) == tuple(sorted(extra)) == taken_files(about)
    assert texts(built) == texts(found)


def test_a_plain_image_stays_as_it_is(tmp_path: Path) -> None:
    found, built = image(tmp_path / "found", {}), image(tmp_path / "built", {})
    before = texts(built)
    about = read_record(found / "image.json", ImageDirectory)
    assert dress(built, found, about) == ()
    assert texts(built) == before


def test_a_sites_layer_that_was_changed_is_told_by_what_names_it(tmp_path: Path) -> None:
    found = image(tmp_path / "found", {"site.squashfs": "site"}, SITE)
    built = image(tmp_path / "built", {})
    about = read_record(found / "image.json", ImageDirectory)
    (found / "site.squashfs").write_text("evil")
    dress(built, found, about)
    differing = {name for name, content in texts(built).items() if texts(found)[name] != content}
    assert differing == {"image.json", "SHA256SUMS", "boot.ipxe", "cmdline"}


def test_a_layer_that_is_gone_is_not_taken(tmp_path: Path) -> None:
    found = image(tmp_path / "found", {"site.squashfs": "site"}, SITE)
    about = read_record(found / "image.json", ImageDirectory)
    (found / "site.squashfs").unlink()
    assert dress(image(tmp_path / "built", {}), found, about) == ()
