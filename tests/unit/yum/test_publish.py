from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import createrepo_c
import pytest

from modpkg.formats.frames import grouped
from modpkg.model.repository import Replacement, Repository, Snapshot
from modpkg.yum.publish import index_of, write_snapshot
from tests.support.frames import MadeFrames
from tests.support.pens import pen

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[2] / "golden/repository"
DATE = 1_763_805_600
DOCUMENT = Repository(
    name="site", summary="Modules", base_url="https://repo.example/m/", channels=("testing",)
)


def snapshot(letter: str, parent: str | None = None) -> Snapshot:
    return Snapshot(
        id=letter * 64,
        channel="testing",
        date=DATE,
        key="A" * 40,
        parent=parent and parent * 64,
        packages=(),
    )


class Made(MadeFrames):
    """Pieces of packages that are named by the digest of their name."""

    names: Final = {hashlib.sha256(name.encode()).hexdigest(): name for name in "abc"}

    def text(self, kind: str, digest: str) -> str:
        name = self.names[digest]
        if kind == "primary":
            return f'<package type="rpm"><name>{name}</name></package>\n'
        return f'<package name="{name}"/>\n'


def digests(*names: str) -> list[str]:
    return [hashlib.sha256(name.encode()).hexdigest() for name in names]


def write(www: Path, this: Snapshot, *names: str) -> tuple[Replacement, ...]:
    return write_snapshot(
        www, digests(*names), frames=Made(), snapshot=this, document=DOCUMENT, session=pen()
    )


def files_of(www: Path, letter: str) -> dict[str, bytes]:
    repodata = www / f"rpm/snap-{letter * 64}/repodata"
    return {path.name: path.read_bytes() for path in repodata.iterdir()}


@pytest.mark.parametrize("kind", ["primary", "filelists", "other"])
def test_indices_look_as_they_always_did(kind: str, golden: Callable[[Path, str], None]) -> None:
    index = index_of(kind, grouped(digests("a", "b")), Made()).make()
    golden(GOLDEN / f"{kind}.xml", gzip.decompress(index.packed).decode())


def test_the_mirror_list_and_the_link_name_the_snapshot(tmp_path: Path) -> None:
    mirrorlist, link = write(tmp_path, snapshot("5"), "a")
    assert (mirrorlist.path, mirrorlist.kind) == ("rpm/testing.mirrorlist", "text")
    assert mirrorlist.content == f"https://repo.example/m/rpm/snap-{'5' * 64}/\n"
    assert (link.path, link.kind, link.content) == ("rpm/testing", "link", f"snap-{'5' * 64}")


def test_repomd_names_what_is_there_by_its_digest(tmp_path: Path) -> None:
    write(tmp_path, snapshot("5"), "a", "b")
    files = files_of(tmp_path, "5")
    repomd = createrepo_c.Repomd(str(tmp_path / f"rpm/snap-{'5' * 64}/repodata/repomd.xml"))
    assert repomd.revision == str(DATE)
    assert [record.type for record in repomd.records] == ["primary", "filelists", "other"]
    for record in repomd.records:
        name = record.location_href.removeprefix("repodata/")
        assert record.checksum == hashlib.sha256(files[name]).hexdigest()
        assert record.checksum_open == hashlib.sha256(gzip.decompress(files[name])).hexdigest()
        assert record.timestamp == DATE
    assert files["repomd.xml.asc"].endswith(f"signed at {DATE}\n".encode())


def test_snapshots_repeat_to_the_byte(tmp_path: Path) -> None:
    write(tmp_path / "1", snapshot("5"), "a", "b", "c")
    write(tmp_path / "2", snapshot("5"), "a", "b", "c")
    assert files_of(tmp_path / "1", "5") == files_of(tmp_path / "2", "5")


def test_the_files_of_the_parent_stay_for_clients_of_the_link_but_not_those_of_its_parent(
    tmp_path: Path,
) -> None:
    write(tmp_path, snapshot("1"), "a")
    write(tmp_path, snapshot("2", "1"), "a", "b")
    write(tmp_path, snapshot("3", "2"), "a", "b", "c")
    signed = {"repomd.xml", "repomd.xml.asc"}
    first, second, third = (files_of(tmp_path, letter).keys() - signed for letter in "123")
    assert (len(first), len(second), len(third)) == (3, 6, 6)
    assert first < second
    assert second - first < third
    assert not first & third


def test_a_parent_that_is_gone_is_no_hindrance(tmp_path: Path) -> None:
    write(tmp_path, snapshot("2", "1"), "a")
    assert len(files_of(tmp_path, "2")) == 5


def test_an_undecided_snapshot_of_that_name_is_replaced(tmp_path: Path) -> None:
    left = tmp_path / f"rpm/snap-{'5' * 64}/repodata"
    left.mkdir(parents=True)
    (left / "garbage").touch()
    write(tmp_path, snapshot("5"), "a")
    assert "garbage" not in files_of(tmp_path, "5")


def test_indices_of_another_channel_are_taken_as_they_are(tmp_path: Path) -> None:
    frames = Made()

    def written(this: Snapshot) -> None:
        write_snapshot(
            tmp_path, digests("a", "b"), frames=frames, snapshot=this, document=DOCUMENT, session=pen()
        )

    written(snapshot("1"))
    (tmp_path / "rpm/testing").symlink_to(f"snap-{'1' * 64}")
    frames.asked.clear()
    frames.kept.clear()
    written(snapshot("2"))
    assert (frames.asked, frames.kept) == ([], {})
    first, second = (tmp_path / f"rpm/snap-{letter * 64}/repodata" for letter in "12")
    names = [path.name for path in first.glob("*.gz")]
    assert len(names) == 3
    assert all((first / name).samefile(second / name) for name in names)
