from __future__ import annotations

from configparser import ConfigParser

from modpkg.yum.client import render_repo


def test_each_channel_has_a_section_and_all_require_signatures() -> None:
    parser = ConfigParser()
    address = "https://repo.example/modules"
    parser.read_string(
        render_repo("acme", address, ("testing", "stable"), enabled="stable", key="file:///etc/pki/key")
    )
    assert parser.sections() == ["acme-testing", "acme-stable"]
    assert [parser[name]["enabled"] for name in parser.sections()] == ["0", "1"]
    for name in parser.sections():
        section = parser[name]
        assert (section["gpgcheck"], section["repo_gpgcheck"]) == ("1", "1")
        assert section["gpgkey"] == "file:///etc/pki/key"
        assert section["mirrorlist"] == f"{address}/rpm/{name.removeprefix('acme-')}.mirrorlist"
