from __future__ import annotations

from typing import TYPE_CHECKING

from debian.debfile import DebFile

from modpkg.deb.plain import write_plain_deb
from modpkg.deb.read import check_contents, read_control
from modpkg.host.files import receipt_of
from tests.support.plain import plain_package

if TYPE_CHECKING:
    from pathlib import Path


def test_python_debian_reads_it(tmp_path: Path) -> None:
    receipt = write_plain_deb(plain_package(), tmp_path)
    assert receipt == receipt_of(tmp_path / "acme_1.0.0-1_all.deb")
    with DebFile(receipt.path) as deb:
        assert deb.data.get_content("etc/acme/acme.conf") == b"a = 1\n"
        assert deb.data.get_content("usr/share/keyrings/acme.gpg") == bytes(range(256))
        assert deb.control.get_content("conffiles") == b"/etc/acme/acme.conf\n"
        assert str(deb.changelog().version) == "1.0.0-1"


def test_modpkg_takes_it_for_one_of_its_own(tmp_path: Path) -> None:
    receipt = write_plain_deb(plain_package(), tmp_path)
    check_contents(receipt.path)
    control = read_control(receipt.path)
    assert (control["Architecture"], control["Depends"]) == ("all", "base")
    assert control["Description"].startswith("files of a test\n It holds a file")


def test_nothing_empty_is_written(tmp_path: Path) -> None:
    receipt = write_plain_deb(plain_package(requires=(), config=frozenset(), files={}), tmp_path)
    assert "Depends" not in read_control(receipt.path)
    with DebFile(receipt.path) as deb:
        assert not deb.control.has_file("conffiles")
