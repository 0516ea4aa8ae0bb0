from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.host import tools


def program(folder: Path, name: str, *, mode: int = 0o755) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def test_programs_of_administrators_are_found_whatever_the_callers_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert tools.require("sh").endswith("/sh")
    assert tools.find("chroot") == "/usr/sbin/chroot"


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    path = program(tmp_path, "mine")
    assert tools.require(str(path)) == str(path)


def test_a_file_that_may_not_be_executed_is_no_program(tmp_path: Path) -> None:
    path = program(tmp_path, "mine", mode=0o644)
    assert tools.find(str(path)) is None


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "SEARCH_PATH", "/nonexistent")
    with pytest.raises(ModpkgError) as caught:
        tools.require("newuidmap")
    assert str(caught.value) == "cannot find the program 'newuidmap'\n  hint: apt-get install uidmap"


def test_a_program_of_no_known_package_says_where_it_is_looked_for() -> None:
    with pytest.raises(ModpkgError) as caught:
        tools.require("no-such-program")
    assert caught.value.hint == f"put no-such-program into one of {tools.SEARCH_PATH}"


def test_every_named_package_is_one_that_bootstrap_installs_or_that_debian_always_has() -> None:
    root = Path(__file__).parents[3]
    lines = (root / "packages.txt").read_text().splitlines()
    installed = {line.split()[0] for line in lines if line and not line.startswith("#")}
    always = {"apt", "coreutils", "dpkg", "gpgconf"}
    assert set(tools.PACKAGES.values()) <= installed | always
