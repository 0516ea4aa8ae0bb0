from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import rpmfile

from modpkg.host.files import receipt_of
from modpkg.rpm.plain import write_plain_rpm
from modpkg.rpm.read import check_contents, read_header
from modpkg.rpm.tags import FileFlag
from tests.support.plain import plain_package

if TYPE_CHECKING:
    from pathlib import Path


def test_rpmfile_reads_it(tmp_path: Path) -> None:
    receipt = write_plain_rpm(plain_package(), tmp_path)
    assert receipt == receipt_of(tmp_path / "acme-1.0.0-1.noarch.rpm")
    with rpmfile.open(receipt.path) as rpm:
        assert rpm.extractfile("./etc/acme/acme.conf").read() == b"a = 1\n"
        headers = rpm.headers
    files = dict(zip(headers["basenames"], headers["fileflags"], strict=True))
    assert files[b"acme.conf"] == FileFlag.CONFIG | FileFlag.NOREPLACE
    assert files[b"copyright"] == FileFlag.DOCUMENTATION
    digests = dict(zip(headers["basenames"], headers["filemd5s"], strict=True))
    assert digests[b"acme.conf"].decode() == hashlib.sha256(b"a = 1\n").hexdigest()


def test_modpkg_takes_it_for_one_of_its_own(tmp_path: Path) -> None:
    receipt = write_plain_rpm(plain_package(), tmp_path)
    check_contents(receipt.path)
    facts = read_header(receipt.path)
    assert (facts.name, facts.version, facts.release, facts.arch) == ("acme", "1.0.0", "1", "noarch")
    assert "base" in facts.requires
    assert facts.provides == ("acme = 1.0.0-1",)


def test_directories_of_other_packages_are_not_owned(tmp_path: Path) -> None:
    receipt = write_plain_rpm(plain_package(), tmp_path)
    with rpmfile.open(receipt.path) as rpm:
        names = set(rpm.headers["basenames"])
    assert b"acme" in names
    assert not names & {b"etc", b"usr", b"share", b"keyrings"}
