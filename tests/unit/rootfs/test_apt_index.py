"""Lists of packages are read as apt wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.rootfs.apt_index import Index

if TYPE_CHECKING:
    from pathlib import Path

A, B, C = "a" * 64, "b" * 64, "c" * 64
LIST = f"""\
Package: slurmd
Source: slurm-wlm (22.05.8-4)
Version: 22.05.8-4+b1
Architecture: amd64
Provides: slurm-node (= 1), node-daemon
Description: a daemon
 with more words
Filename: pool/main/s/slurm-wlm/slurmd_22.05.8-4+b1_amd64.deb
Size: 12
SHA256: {A}

Package: hello
Version: 1:2.10-3
Architecture: all
Filename: pool/main/h/hello/hello_2.10-3_all.deb
Size: 7
SHA256: {B}

Package: greeter
Source: hello
Version: 2
Architecture: all
Provides: node-daemon
Filename: pool/g
Size: 1
SHA256: {C}
"""


@pytest.fixture
def index(tmp_path: Path) -> Index:
    (tmp_path / "one").write_text(LIST)
    (tmp_path / "empty").write_text("")
    return Index.read([("debian", tmp_path / "one"), ("debian-security", tmp_path / "empty")])


def test_a_package_is_told_as_a_lock_says_it(index: Index) -> None:
    package = index.package("debian", A)
    assert (package.name, package.version, package.architecture) == ("slurmd", "22.05.8-4+b1", "amd64")
    assert (package.source, package.source_version) == ("slurm-wlm", "22.05.8-4")
    assert (package.size, package.mirror, package.sha256) == (12, "debian", A)
    assert package.path == "pool/main/s/slurm-wlm/slurmd_22.05.8-4+b1_amd64.deb"


def test_without_a_source_the_package_is_its_own(index: Index) -> None:
    package = index.package("debian", B)
    assert (package.source, package.source_version) == ("hello", "1:2.10-3")
    other = index.package("debian", C)
    assert (other.source, other.source_version) == ("hello", "2")


def test_status_says_that_packages_are_installed(index: Index) -> None:
    status = index.status([index.package("debian", B), index.package("debian", C)])
    assert status.count("Status: install ok installed\nPackage: ") == 2
    assert status.endswith("\n\n")
    assert index.status([]) == ""


def test_a_file_of_no_list_is_our_fault(index: Index) -> None:
    with pytest.raises(ModpkgError, match="internal error: apt chose a file of no list"):
        index.package("debian-security", A)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("helo", "did you mean 'hello'?"),
        ("slurm-node", "it is a virtual package: name one of slurmd"),
        ("node-daemon", "it is a virtual package: name one of greeter, slurmd"),
        ("node", ""),
        ("zzz", ""),
    ],
)
def test_hints(index: Index, name: str, hint: str) -> None:
    assert index.hint(name) == hint
