"""What the user has set is found, and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import DocumentError
from modpkg.pipeline.site import Site

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
mirrors:
  debian: https://user.test/debian
  local: file:///srv/debian
snapshots:
  debian:
    - https://snapshots.test/{path}
"""


def environ(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return {"HOME": str(tmp_path), "MODPKG_CONFIG": str(path)}


def test_the_configuration_names_mirrors_and_snapshots(tmp_path: Path) -> None:
    site = Site.of(environ(tmp_path, CONFIG), offline=True)
    assert site.mirrors.base("debian") == "https://user.test/debian"
    assert site.mirrors.base("local") == "file:///srv/debian"
    assert site.mirrors.snapshot_urls("debian", {"path": "pool/a"}) == ("https://snapshots.test/pool/a",)
    assert site.store.root == tmp_path / ".cache" / "modpkg"
    assert site.offline


def test_the_environment_wins(tmp_path: Path) -> None:
    words = {**environ(tmp_path, CONFIG), "MODPKG_MIRROR_DEBIAN": "http://env.test/debian"}
    assert Site.of(words).mirrors.base("debian") == "http://env.test/debian"


def test_without_configuration_there_is_a_site(tmp_path: Path) -> None:
    assert not Site.of({"HOME": str(tmp_path)}).offline


@pytest.mark.parametrize(
    "text",
    ["mirrors: {debian: ftp://x/y}\n", "mirror: {}\n", "mirrors: {Debian: https://x/y}\n", "- x\n"],
)
def test_faults_are_told_with_their_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(DocumentError) as caught:
        Site.of(environ(tmp_path, text))
    assert "config.yaml:1:" in str(caught.value)
