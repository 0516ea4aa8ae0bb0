from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from modpkg.apt.publish import architectures_of, by_hash, changelog_path, write_indices
from modpkg.apt.release import Index, Release, parse_release
from modpkg.model.repository import Replacement, Repository, Snapshot
from tests.support.frames import MadeFrames
from tests.support.pens import pen

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.apt.publish import Listed

DATE = 1_763_805_600
DOCUMENT = Repository(
    name="site", summary="Modules", base_url="https://repo.example/m/", channels=("testing",), valid_days=3
)
SNAPSHOT = Snapshot(id="5" * 64, channel="testing", date=DATE, key="A" * 40, parent=None, packages=())


class Made(MadeFrames):
    """The stanza of a package is the line that names it."""

    def text(self, kind: str, digest: str) -> str:
        return f"{kind}: {digest}\n"


def listed(architecture: str, name: str = "core") -> Listed:
    return name, architecture


def write(www: Path, *packages: Listed) -> tuple[Replacement, ...]:
    return write_indices(www, packages, frames=Made(), snapshot=SNAPSHOT, document=DOCUMENT, session=pen())


def release_of(replacements: tuple[Replacement, ...]) -> Release:
    return parse_release(replacements[-1].content.partition("\n\n")[2])


def test_inrelease_is_replaced_last_and_signed_at_its_date(tmp_path: Path) -> None:
    *plain, inrelease = write(tmp_path, listed("amd64"))
    assert inrelease.path == "dists/testing/InRelease"
    assert inrelease.content.startswith(f"signed at {DATE}\n")
    assert [each.path for each in plain] == [
        "dists/testing/main/binary-amd64/Packages",
        "dists/testing/main/binary-amd64/Packages.gz",
    ]


def test_nothing_that_clients_may_have_is_touched(tmp_path: Path) -> None:
    write(tmp_path, listed("amd64"))
    assert {path.parent.name for path in tmp_path.rglob("*") if path.is_file()} == {"SHA256"}


def test_indices_lie_under_the_digests_that_release_names(tmp_path: Path) -> None:
    release = release_of(write(tmp_path, listed("amd64"), listed("arm64")))
    assert len(release.indices) == 4
    for index in release.indices:
        content = (tmp_path / "dists/testing" / by_hash(index)).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (index.size, index.sha256)


def test_plain_names_are_copies_of_what_lies_under_a_digest(tmp_path: Path) -> None:
    *plain, _ = write(tmp_path, listed("amd64"))
    packed = (tmp_path / plain[1].content).read_bytes()
    assert gzip.decompress(packed) == (tmp_path / plain[0].content).read_bytes()


def test_each_architecture_has_its_packages_and_those_for_all(tmp_path: Path) -> None:
    *plain, _ = write(tmp_path, listed("amd64", "a"), listed("arm64", "b"), listed("all", "c"))
    texts = {each.path.split("/")[3]: (tmp_path / each.content).read_text() for each in plain[::2]}
    assert texts == {
        "binary-amd64": "stanza: a\nstanza: c\n",
        "binary-arm64": "stanza: b\nstanza: c\n",
    }


def test_release_says_how_long_it_is_valid_and_where_changelogs_are(tmp_path: Path) -> None:
    release = release_of(write(tmp_path, listed("amd64")))
    assert release.valid_until - release.date == 3 * 86_400
    assert release.changelogs == "https://repo.example/m/changelogs/@CHANGEPATH@_changelog"
    assert release.snapshot == SNAPSHOT.id


def test_indices_repeat_to_the_byte(tmp_path: Path) -> None:
    packages = [listed("amd64", name) for name in "abc"]
    assert write(tmp_path / "1", *packages) == write(tmp_path / "2", *packages)


def test_a_channel_without_packages_still_has_an_index(tmp_path: Path) -> None:
    assert architectures_of([]) == ("amd64",)
    assert release_of(write(tmp_path)).indices[0].size == 0


@pytest.mark.parametrize(
    ("source", "version", "path"),
    [
        ("modpkg-module-core", "1.0.0-1", "main/m/modpkg-module-core/modpkg-module-core_1.0.0-1"),
        ("libfoo", "2:1.0-1", "main/libf/libfoo/libfoo_1.0-1"),
    ],
)
def test_changelogs_lie_where_apt_asks_for_them(source: str, version: str, path: str) -> None:
    assert changelog_path(source, version) == f"changelogs/{path}_changelog"


def test_by_hash_is_beside_the_index() -> None:
    index = Index(path="main/binary-amd64/Packages.gz", size=1, sha256="f" * 64)
    assert by_hash(index) == f"main/binary-amd64/by-hash/SHA256/{'f' * 64}"


def written_for(www: Path, channel: str, frames: Made, *, date: int = DATE) -> tuple[Replacement, ...]:
    snapshot = replace(SNAPSHOT, channel=channel, date=date)
    packages = [listed("amd64")]
    return write_indices(www, packages, frames=frames, snapshot=snapshot, document=DOCUMENT, session=pen())


def test_what_another_channel_has_is_the_same_file_and_younger(tmp_path: Path) -> None:
    frames = Made()
    first = written_for(tmp_path, "testing", frames)
    frames.asked.clear()
    frames.kept.clear()
    second = written_for(tmp_path, "stable", frames, date=DATE + 9)
    # Nothing was put together again, and a client that asks for what is new since then is told.
    assert (frames.asked, frames.kept) == ([], {})
    for one, other in zip(first[:-1], second[:-1], strict=True):
        assert (tmp_path / one.content).samefile(tmp_path / other.content)
        assert (tmp_path / other.content).stat().st_mtime == DATE + 9


def test_what_is_known_and_lost_is_made_again(tmp_path: Path) -> None:
    frames = Made()
    *plain, _ = written_for(tmp_path, "testing", frames)
    before = (tmp_path / plain[0].content).read_bytes()
    (tmp_path / plain[0].content).unlink()
    written_for(tmp_path, "testing", frames)
    assert (tmp_path / plain[0].content).read_bytes() == before
