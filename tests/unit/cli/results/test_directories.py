from pathlib import Path

from modpkg.cli.render import to_text
from modpkg.cli.results.directories import edit_result, listed_image, removal_result
from modpkg.pipeline.edit_image import Content, Edited, Place
from modpkg.pipeline.images import Removal, built_images
from tests.support.directories import LETTERS, made_image


def test_images_are_a_table_with_sizes_ages_and_sites(tmp_path: Path) -> None:
    made_image(tmp_path, f"12.0.3-66.{LETTERS}", files={"root.squashfs": "x" * 2000})
    made_image(tmp_path, f"12.0.3-66.{LETTERS}", name="storage", site="bcdfghjklm")
    images = list(built_images(tmp_path))
    rows = [listed_image(image, now=int(image.built) + 90_000) for image in images]
    assert [(row.name, row.site, row.bytes) for row in rows] == [
        ("compute", None, 2000),
        ("storage", "bcdfghjklm", 0),
    ]
    lines = to_text(rows).splitlines()
    assert lines[0].split() == ["name", "version", "site", "bytes", "age", "seconds"]
    assert lines[1].split() == ["compute", f"12.0.3-66.{LETTERS}", "-", "2.0", "kB", "25", "h"]
    assert f"  {tmp_path}/storage_12.0.3-66.{LETTERS}_amd64_site-bcdfghjklm" in lines


def test_a_clock_that_went_back_makes_no_negative_age(tmp_path: Path) -> None:
    made_image(tmp_path, f"12.0.3-66.{LETTERS}")
    (image,) = built_images(tmp_path)
    assert listed_image(image, now=0).age_seconds == 0


def test_a_removal_tells_what_becomes_free() -> None:
    result = removal_result(Removal(directory=Path("/images/x"), freed=65_000_000), removed=False)
    assert to_text(result).splitlines() == [
        "directory:   /images/x",
        "freed bytes: 65.0 MB",
        "removed:     no",
    ]


def test_an_edit_tells_what_to_build() -> None:
    place = Place(path="/etc/motd", file=Path("/r/site/common/etc/motd"), images=("a", "b"), before=Content())
    result = edit_result(Edited(place=place, changed=True), written=True)
    assert result.next == ("invoke build-image a", "invoke build-image b")
    assert result.written
    same = edit_result(Edited(place=place, changed=False), written=True)
    assert (same.next, same.written) == ((), False)
    assert not edit_result(Edited(place=place, changed=True), written=False).written
