from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal

import pytest

from modpkg.apt.stanza import Entry
from modpkg.deb.read import read_control
from modpkg.events import Event
from modpkg.model.fault import Faults
from modpkg.pipeline.verify_packages import PackageCheck
from modpkg.store.origin import DirectoryOrigin
from modpkg.yum.read import read_package
from modpkg.yum.verify import RpmEntry
from tests.support.evil import REASONS, edited_rpm, evil_deb
from tests.support.pens import pen_ring
from tests.support.repos import make_pair

if TYPE_CHECKING:
    from pathlib import Path

Depth = Literal["full", "quick"]


def deb_entry(path: Path, **changes: Any) -> Entry:
    content = path.read_bytes()
    fields = {
        "control": read_control(path),
        "path": path.name,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return Entry(**{**fields, **changes})


def rpm_entry(path: Path, **changes: Any) -> RpmEntry:
    package = read_package(path)
    fields = {
        "name": package.name,
        "version": package.version,
        "release": package.release,
        "architecture": package.arch,
        "path": path.name,
        "size": package.size_package,
        "sha256": package.pkgId,
        "header_end": package.rpm_header_end,
    }
    return RpmEntry(**{**fields, **changes})


def found(directory: Path, *entries: Entry | RpmEntry, depth: Depth = "full") -> list[str]:
    faults, events = Faults(), list[Event]()
    check = PackageCheck(
        origin=DirectoryOrigin(directory), ring=pen_ring(), faults=faults, depth=depth, sink=events.append
    )
    check.run(
        [entry for entry in entries if isinstance(entry, Entry)],
        [entry for entry in entries if isinstance(entry, RpmEntry)],
    )
    assert len(events) == len(entries)
    return [fault.reason for fault in sorted(faults.found)]


@pytest.fixture
def deb(tmp_path: Path) -> Path:
    return make_pair(tmp_path)[0]


@pytest.fixture
def rpm(deb: Path) -> Path:
    return next(deb.parent.glob("*.rpm"))


@pytest.mark.parametrize("depth", ["full", "quick"])
def test_a_sound_deb_has_no_faults_and_an_unsigned_rpm_has_one(deb: Path, rpm: Path, depth: Depth) -> None:
    assert found(deb.parent, deb_entry(deb), depth=depth) == []
    assert found(deb.parent, rpm_entry(rpm), depth=depth) == ["it is not signed"]


@pytest.mark.parametrize("kind", REASONS)
def test_a_deb_that_leads_out_is_told_though_an_index_names_it(tmp_path: Path, deb: Path, kind: str) -> None:
    evil = evil_deb(deb, tmp_path / "evil", kind)
    (reason,) = found(evil.parent, deb_entry(evil))
    assert REASONS[kind] in reason


@pytest.mark.parametrize("directory", [b"/usr/../../doc/", b"../../../../../"])
def test_an_rpm_that_leads_out_is_told_though_an_index_names_it(rpm: Path, directory: bytes) -> None:
    edited_rpm(rpm, b"/usr/share/doc/", directory)
    reasons = found(rpm.parent, rpm_entry(rpm))
    assert any("leads out of the package" in reason or "no directory" in reason for reason in reasons)


@pytest.mark.parametrize("name", ["Package", "Version", "Depends", "Modpkg-Fragment-Sha256"])
def test_an_index_that_says_something_else_than_the_package_is_told(deb: Path, name: str) -> None:
    control = {**read_control(deb), name: "other"}
    entry = deb_entry(deb, control=control)
    assert found(deb.parent, entry) == [f"its {name} is not the one that the index names"]


@pytest.mark.parametrize("name", ["name", "version", "release", "architecture"])
def test_an_rpm_of_another_name_is_told(rpm: Path, name: str) -> None:
    reasons = found(rpm.parent, rpm_entry(rpm, **{name: "other"}))
    assert any("not the package that the index names" in reason for reason in reasons)


@pytest.mark.parametrize("depth", ["full", "quick"])
def test_what_is_missing_or_of_another_size_is_told(deb: Path, rpm: Path, depth: Depth) -> None:
    entries = deb_entry(deb), rpm_entry(rpm)
    with deb.open("ab") as stream:
        stream.write(b"x")
    rpm.unlink()
    size = entries[0].size
    reasons = found(deb.parent, *entries, depth=depth)
    assert sorted(reasons) == ["it is missing", f"its size is {size + 1} bytes, not {size}"]


def test_a_changed_byte_is_told_in_full_depth_alone(deb: Path) -> None:
    entry = deb_entry(deb)
    content = bytearray(deb.read_bytes())
    content[-9] ^= 1
    deb.write_bytes(content)
    assert found(deb.parent, entry, depth="quick") == []
    assert found(deb.parent, entry) == ["its sha256 is not the one that the index names"]


def test_an_index_that_names_too_short_a_header_is_told(rpm: Path) -> None:
    reasons = found(rpm.parent, rpm_entry(rpm, header_end=100))
    assert any("cannot read the package" in reason for reason in reasons)
