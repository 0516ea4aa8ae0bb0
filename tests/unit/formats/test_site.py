import os
from pathlib import Path

import pytest

from modpkg.formats.documents import Loaded, examine
from modpkg.formats.site import check_site, names_of, read_part
from modpkg.model.site import SiteDocument
from tests.support.site import write_site


def problems(recipes: Path, *images: str) -> list[tuple[str, str]]:
    loaded: dict[str, Loaded[SiteDocument]] = {
        path.stem: examine(path, SiteDocument) for path in (recipes / "site").glob("*.yaml")
    }
    found = check_site(recipes, loaded, images or ("compute",))
    return [(problem.file.replace(str(recipes), ""), problem.message) for problem in found]


def test_without_a_site_there_is_nothing(tmp_path: Path) -> None:
    assert names_of(tmp_path) == []
    assert problems(tmp_path) == []


def test_a_document_or_a_folder_is_enough(tmp_path: Path) -> None:
    write_site(tmp_path, {"common.yaml": "time-zone: UTC\n", "compute/etc/motd": "x", ".hidden/x": "x"})
    assert names_of(tmp_path) == ["common", "compute"]
    assert problems(tmp_path) == []


def test_files_are_read_as_they_lie(tmp_path: Path) -> None:
    write_site(tmp_path, {"compute/etc/motd": "x", "compute/usr/local/bin/x": "#!/bin/sh\n"})
    folder = tmp_path / "site/compute"
    (folder / "usr/local/bin/x").chmod(0o700)
    (folder / "etc/motd").chmod(0o666)
    (folder / "etc/link").symlink_to("./motd")
    sources = read_part(tmp_path, "compute", None).sources
    assert {path: (one.kind, one.executable, one.target) for path, one in sources.items()} == {
        "etc": ("dir", False, ""),
        "etc/link": ("symlink", False, "./motd"),
        "etc/motd": ("file", False, ""),
        "usr": ("dir", False, ""),
        "usr/local": ("dir", False, ""),
        "usr/local/bin": ("dir", False, ""),
        "usr/local/bin/x": ("file", True, ""),
    }


def test_a_link_to_a_directory_is_a_link_and_nothing_below_it_is_read(tmp_path: Path) -> None:
    write_site(tmp_path, {"compute/etc/motd": "x"})
    (tmp_path / "site/compute/outside").symlink_to("/etc")
    sources = read_part(tmp_path, "compute", None).sources
    assert sorted(sources) == ["etc", "etc/motd", "outside"]


def test_odd_kinds_are_told(tmp_path: Path) -> None:
    write_site(tmp_path, {"compute/etc/motd": "x"})
    os.mkfifo(tmp_path / "site/compute/etc/pipe")
    assert problems(tmp_path) == [("/site/compute/etc/pipe", "is neither file, directory nor link")]
    assert "etc/pipe" not in read_part(tmp_path, "compute", None).sources


@pytest.mark.parametrize(
    ("name", "reason"),
    [(b"\xff", "its name is not UTF-8"), (b"a\nb", "its name has characters that cannot be shown")],
)
def test_odd_names_are_told(tmp_path: Path, name: bytes, reason: str) -> None:
    write_site(tmp_path, {"compute/etc/motd": "x"})
    with open(os.fsencode(tmp_path / "site/compute/etc") + b"/" + name, "w") as stream:  # noqa: PTH123 - bytes
        stream.write("x")
    assert [message for _, message in problems(tmp_path)] == [reason]


def test_a_database_is_told_of_files_and_links_not_of_directories(tmp_path: Path) -> None:
    write_site(tmp_path, {"common/var/lib/dpkg/x": "x"})
    (tmp_path / "site/common/etc").mkdir()
    (tmp_path / "site/common/etc/passwd").symlink_to("/x")
    assert [place for place, _ in problems(tmp_path)] == [
        "/site/common/etc/passwd",
        "/site/common/var/lib/dpkg/x",
    ]


def test_a_document_with_faults_hides_no_fault_of_its_folder(tmp_path: Path) -> None:
    write_site(tmp_path, {"compute.yaml": "x: 1\n", "compute/etc/hostname": "x"})
    assert problems(tmp_path) == [("/site/compute/etc/hostname", "a site may not have /etc/hostname")]
