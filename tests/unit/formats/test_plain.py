from __future__ import annotations

from debian.changelog import Changelog

from modpkg.formats.plain import plain_changelog, plain_copyright, plain_entries
from tests.support.plain import plain_package


def test_directories_stand_before_what_they_hold_and_documents_are_added() -> None:
    paths = [entry.path for entry in plain_entries(plain_package(), changelog="changelog.gz")]
    assert paths == sorted(paths, key=lambda path: path.split("/"))
    assert paths.index("etc/acme") < paths.index("etc/acme/acme.conf")
    assert {"usr/share/doc/acme/changelog.gz", "usr/share/doc/acme/copyright"} <= set(paths)
    assert len(paths) == len(set(paths))


def test_debian_reads_the_changelog() -> None:
    (block,) = Changelog(plain_changelog(plain_package()), strict=True)
    assert (block.package, str(block.version)) == ("acme", "1.0.0-1")
    assert block.author == "Ada <ada@example.invalid>"
    assert block.date == "Thu, 09 Oct 2025 08:53:20 +0000"


def test_the_copyright_names_the_license() -> None:
    text = plain_copyright(plain_package())
    assert "Copyright: 2025 Ada <ada@example.invalid>\nLicense: CC0-1.0\n" in text
