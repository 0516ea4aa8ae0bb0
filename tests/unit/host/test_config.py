"""The user's configuration file is found where it should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.host.config import default_path, find_config


def test_none_when_there_is_none(tmp_path: Path) -> None:
    assert find_config({"HOME": str(tmp_path)}) is None


def test_the_home_directory_has_it(tmp_path: Path) -> None:
    path = tmp_path / ".config" / "modpkg" / "config.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("mirrors: {}\n")
    assert find_config({"HOME": str(tmp_path)}) == path
    assert find_config({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "x")}) is None


def test_the_environment_names_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("mirrors: {}\n")
    assert find_config({"HOME": "/nonexistent", "MODPKG_CONFIG": str(path)}) == path


def test_a_named_file_must_exist() -> None:
    with pytest.raises(BadInputError, match="MODPKG_CONFIG names"):
        find_config({"MODPKG_CONFIG": "/nonexistent/config.yaml"})


def test_default_path() -> None:
    assert default_path({"XDG_CONFIG_HOME": "/x"}) == Path("/x/modpkg/config.yaml")
