from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.model.version import ModuleVersion
from modpkg.pipeline.admission import check_contents, check_inside, check_order
from modpkg.pipeline.identity import Identity
from modpkg.pipeline.pairs import Pair, read_pairs
from tests.support.evil import REASONS, edited_rpm, evil_deb
from tests.support.repos import make_pair

if TYPE_CHECKING:
    from pathlib import Path


def identities(*versions: str, name: str = "core", architecture: str = "amd64") -> list[Identity]:
    return [Identity(name, ModuleVersion.parse(version), architecture) for version in versions]


@pytest.mark.parametrize(
    ("published", "new"),
    [
        ((), ("1.0.0-1",)),
        (("1.0.0-1",), ("1.0.0-1",)),
        (("1.0.0-1",), ("1.0.0-2", "1.0.0-3", "2.0.0-4")),
        (("1.0.0-1", "3.0.0-9"), ("2.0.0-5",)),
        (("9.0.0-41", "10.0.0-42"), ("9.0.0-40",)),
    ],
)
def test_revisions_that_rise_with_versions_are_taken(
    published: tuple[str, ...], new: tuple[str, ...]
) -> None:
    check_order(identities(*new), identities(*published))


@pytest.mark.parametrize(
    ("published", "new", "next_release"),
    [
        (("1.0.0-5",), ("1.1.0-1",), "1.1.0-6"),
        (("1.0.0-5",), ("0.9.0-6",), "0.9.0-6"),
        (("1.0.0-5",), ("1.1.0-5",), "1.1.0-6"),
        ((), ("1.0.0-2", "1.1.0-2"), "1.0.0-3"),
        (("10.0.0-1",), ("9.0.0-2",), "9.0.0-2"),
    ],
)
def test_a_revision_that_resets_is_refused(
    published: tuple[str, ...], new: tuple[str, ...], next_release: str
) -> None:
    with pytest.raises(BadInputError, match="its revision is not in the order of versions") as caught:
        check_order(identities(*new), identities(*published))
    assert next_release in caught.value.hint


def test_other_names_and_architectures_do_not_count() -> None:
    check_order(
        identities("1.1.0-1"),
        [*identities("1.0.0-5", name="slurm"), *identities("1.0.0-5", architecture="arm64")],
    )


def test_old_faults_do_not_hinder_new_packages() -> None:
    check_order(identities("3.0.0-9"), identities("1.0.0-5", "2.0.0-5"))


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    (found,) = read_pairs(make_pair(tmp_path))
    return found


def test_a_sound_pair_is_taken(pair: Pair) -> None:
    check_contents(pair)


@pytest.mark.parametrize(
    ("marks", "message", "hint"),
    [
        ("fast", "marked fast", "without --fast"),
        ("unreleased", "marked unreleased", "release-module"),
        ("fast unreleased", "marked fast and unreleased", "without --fast"),
        ("fast, unreleased", "marked fast and unreleased", "without --fast"),
        ("strange", "marked strange", ""),
    ],
)
def test_marks_are_refused_with_the_way_out(pair: Pair, marks: str, message: str, hint: str) -> None:
    with pytest.raises(BadInputError, match=message) as caught:
        check_contents(replace(pair, control={**pair.control, "Modpkg-Marks": marks}))
    assert hint in caught.value.hint


def test_halves_with_different_fragments_are_refused(pair: Pair) -> None:
    with pytest.raises(BadInputError, match="different fragments"):
        check_contents(replace(pair, control={**pair.control, "Modpkg-Fragment-Sha256": "0" * 64}))


def test_sound_packages_stay_inside(tmp_path: Path) -> None:
    (pair,) = read_pairs(make_pair(tmp_path))
    assert "urgency=" in (check_inside(pair).changelog or "")


@pytest.mark.parametrize("kind", REASONS)
def test_a_deb_that_leads_out_is_refused(tmp_path: Path, kind: str) -> None:
    (pair,) = read_pairs(make_pair(tmp_path))
    with pytest.raises(BadInputError, match=REASONS[kind]):
        check_inside(replace(pair, deb=evil_deb(pair.deb, tmp_path / "evil", kind)))


@pytest.mark.parametrize(
    ("directory", "reason"),
    [(b"/usr/../../doc/", "leads out of the package"), (b"../../../../../", "is no directory of a package")],
)
def test_an_rpm_that_leads_out_is_refused(tmp_path: Path, directory: bytes, reason: str) -> None:
    packages = make_pair(tmp_path)
    edited_rpm(next(path for path in packages if path.suffix == ".rpm"), b"/usr/share/doc/", directory)
    with pytest.raises(BadInputError, match=reason):
        read_pairs(packages)
