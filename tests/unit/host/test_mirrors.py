"""Aliases become addresses, and addresses never leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.host.mirrors import Mirrors, hide, quoted, variable_name

if TYPE_CHECKING:
    from pathlib import Path

STANZAS = """\
Types: deb-src
URIs: http://source.test/debian
Suites: bookworm

Types: deb
# an older state
URIs: http://off.test/debian
Suites: bookworm
Enabled: no

Types: deb deb-src
# a comment inside
URIs: http://first.test/debian/ http://second.test/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://first.test/debian-security
Suites: bookworm-security
"""
FACTS = {"path": "pool/h/hello+x_1~2_amd64.deb", "sha256": "ab", "package": "hello"}


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def sources(apt: Path, name: str, text: str) -> Mirrors:
    (apt / name).write_text(text)
    return Mirrors(apt_directory=apt)


def test_the_first_binary_source_of_the_host_is_used(apt: Path) -> None:
    mirrors = sources(apt, "sources.list.d/debian.sources", STANZAS)
    assert mirrors.base("debian") == "http://first.test/debian"
    assert mirrors.base("debian-security") == "http://first.test/debian-security"


@pytest.mark.parametrize(
    ("line", "alias", "base"),
    [
        ("deb http://a.test/debian bookworm main", "debian", "http://a.test/debian"),
        (
            "  deb [arch=amd64 signed-by=/k] https://a.test/debian/ sid main",
            "debian",
            "https://a.test/debian",
        ),
        ("deb file:///srv/debian bookworm main", "debian", "file:///srv/debian"),
        ("deb http://sec.test/ bookworm-security main", "debian-security", "http://sec.test"),
        ("deb http://a.test/rocky-debs x main", "rocky-debs", "http://a.test/rocky-debs"),
    ],
)
def test_one_line_sources(apt: Path, line: str, alias: str, base: str) -> None:
    assert sources(apt, "sources.list", f"# deb http://no.test/{alias} x main\n{line}\n").base(alias) == base


@pytest.mark.parametrize(
    ("name", "line", "alias"),
    [
        ("sources.list", "deb cdrom:[Debian]/debian bookworm main", "debian"),
        ("sources.list", "deb-src http://a.test/debian bookworm main", "debian"),
        ("sources.list", "deb http://a.test/ubuntu jammy-security main", "debian-security"),
        ("sources.list.d/x.list.disabled", "deb http://a.test/debian bookworm main", "debian"),
    ],
)
def test_sources_that_do_not_count(apt: Path, name: str, line: str, alias: str) -> None:
    with pytest.raises(ModpkgError, match="cannot find the mirror"):
        sources(apt, name, line + "\n").base(alias)


def test_a_list_of_mirrors_is_looked_into(apt: Path) -> None:
    listing = apt / "mirrors.list"
    listing.write_text("# cloud\nhttps://c.test/debian\tpriority:1\nhttps://d.test/debian\n")
    text = f"Types: deb\nURIs: mirror+file:{listing}\nSuites: bookworm\n"
    assert sources(apt, "sources.list.d/d.sources", text).base("debian") == "https://c.test/debian"


def test_the_environment_wins_over_the_user_over_apt(apt: Path) -> None:
    (apt / "sources.list").write_text("deb http://apt.test/debian bookworm main\n")
    user = {"debian": "http://user.test/debian/"}
    environ = {"MODPKG_MIRROR_DEBIAN": "file:///srv/mirror/"}
    assert Mirrors(apt_directory=apt, configured=user).base("debian") == "http://user.test/debian"
    mirrors = Mirrors(apt_directory=apt, configured=user, environ=environ)
    assert mirrors.base("debian") == "file:///srv/mirror"
    assert mirrors.url("debian", "pool/a+b") == "file:///srv/mirror/pool/a%2Bb"


def test_no_mirror_tells_three_ways(apt: Path) -> None:
    with pytest.raises(ModpkgError) as caught:
        Mirrors(apt_directory=apt).base("debian-security")
    assert str(caught.value) == (
        "cannot find the mirror 'debian-security'\n"
        "  hint: set MODPKG_MIRROR_DEBIAN_SECURITY to its address, or name it under `mirrors:` in "
        "~/.config/modpkg/config.yaml, or give this machine an apt source whose address ends with "
        "/debian-security"
    )


@pytest.mark.parametrize(
    "address", ["mirror.test/debian", "ftp://a/b", "http://a b", "file://rel", "http:///x"]
)
def test_a_bad_address_is_refused(address: str) -> None:
    with pytest.raises(BadInputError, match="MODPKG_MIRROR_DEBIAN") as caught:
        Mirrors(environ={"MODPKG_MIRROR_DEBIAN": address}).base("debian")
    assert caught.value.where == "MODPKG_MIRROR_DEBIAN"


def test_snapshots_are_templates_or_addresses() -> None:
    mirrors = Mirrors(
        environ={
            "MODPKG_SNAPSHOTS_DEBIAN": "http://s.test/2025/ http://s.test/by/{sha256}/{package}?x={path}"
        }
    )
    assert mirrors.snapshot_urls("debian", FACTS) == (
        "http://s.test/2025/pool/h/hello%2Bx_1~2_amd64.deb",
        "http://s.test/by/ab/hello?x=pool/h/hello%2Bx_1~2_amd64.deb",
    )
    assert mirrors.snapshot_urls("debian-security", FACTS) == ()
    configured = Mirrors(snapshots={"debian": ("http://c.test/x",)})
    assert configured.snapshot_urls("debian", FACTS) == ("http://c.test/x/pool/h/hello%2Bx_1~2_amd64.deb",)


def test_an_unknown_placeholder_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"cannot fill \{sha1\}") as caught:
        Mirrors(snapshots={"debian": ("http://c.test/{sha1}",)}).snapshot_urls("debian", FACTS)
    assert caught.value.hint == "these can be filled: {package}, {path}, {sha256}"


def test_names_and_paths() -> None:
    assert variable_name("MIRROR", "debian-security") == "MODPKG_MIRROR_DEBIAN_SECURITY"
    assert quoted("pool/a+b~c_1%3a2.deb") == "pool/a%2Bb~c_1%253a2.deb"


def test_addresses_are_hidden() -> None:
    addresses = {
        "debian": "http://u:p@m.test:80/debian",
        "debian-security": "http://u:p@m.test:80/debian-security",
    }
    text = (
        "Err:1 http://u:p@m.test:80/debian bookworm InRelease\n"
        "Failed http://u:p@m.test:80/debian-security/dists/x  Could not connect to m.test:80 (10.0.0.1)."
        " [IP: 10.0.0.1 80]"
    )
    assert hide(text, addresses) == (
        "Err:1 debian: bookworm InRelease\n"
        "Failed debian-security:/dists/x  Could not connect to the mirror:80."
    )
