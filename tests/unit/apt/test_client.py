from __future__ import annotations

from debian.deb822 import Deb822

from modpkg.apt.client import render_sources

ADDRESS = "https://repo.example/modules"
KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabcd\n=efgh\n-----END PGP PUBLIC KEY BLOCK-----\n"


def test_each_channel_has_a_stanza_and_one_is_enabled() -> None:
    text = render_sources(
        ADDRESS, ("testing", "stable"), enabled="stable", signed_by="/usr/share/keyrings/x.gpg"
    )
    stanzas = list(Deb822.iter_paragraphs(text, use_apt_pkg=False))
    assert [(each["Suites"], each["Enabled"]) for each in stanzas] == [("testing", "no"), ("stable", "yes")]
    assert {each["Signed-By"] for each in stanzas} == {"/usr/share/keyrings/x.gpg"}
    assert {(each["Types"], each["URIs"], each["Components"]) for each in stanzas} == {
        ("deb", ADDRESS, "main")
    }


def test_keys_may_stand_in_the_file_itself() -> None:
    text = render_sources(ADDRESS, ("stable",), enabled="stable", signed_by=KEY)
    lines = Deb822(text)["Signed-By"].splitlines()
    assert lines == ["", *(f" {line or '.'}" for line in KEY.splitlines())]
