from pathlib import Path

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import ignore
from modpkg.host.run import run
from modpkg.pipeline.chroots import read_chroot
from modpkg.pipeline.commit_chroot import Committed, commit_chroot
from tests.support.little_chroot import little_chroot, needs_root

pytestmark = needs_root


def commit(places: object, *, keep: int = 5, now: int = 1, dry_run: bool = False) -> Committed:
    return commit_chroot(places, keep=keep, now=now, dry_run=dry_run, sink=ignore)  # type: ignore[arg-type]


def test_generations_are_numbered_and_never_change(tmp_path: Path) -> None:
    places = little_chroot(tmp_path)
    first = commit(places, now=7)
    (places.tree / "usr/bin/tool").write_text("two, in place\n")
    second = commit(places, now=8)
    assert (first.number, second.number) == (1, 2)
    assert (places.generation(1) / "usr/bin/tool").read_text() == "one\n"
    assert (places.generation(2) / "usr/bin/tool").read_text() == "two, in place\n"
    assert places.current.readlink() == Path("generations/2")
    assert second.record is not None
    assert (second.record.committed, second.record.files, second.record.linked) == (8, 2, 1)
    assert (places.generation(2) / "etc/tool").samefile(places.generation(1) / "etc/tool")


def test_what_apt_fetches_again_is_left_out(tmp_path: Path) -> None:
    places = little_chroot(tmp_path)
    commit(places)
    assert list((places.generation(1) / "var/cache/apt").iterdir()) == []


def test_the_oldest_go_and_their_numbers_are_not_given_again(tmp_path: Path) -> None:
    places = little_chroot(tmp_path)
    assert [commit(places, keep=2).removed for _ in range(4)] == [(), (), (1,), (2,)]
    assert [note.number for note in read_chroot(places).generations] == [3, 4]
    assert commit(places, keep=1).number == 5
    assert sorted(path.name for path in places.generations.iterdir()) == ["5", "5.json"]


def test_a_dry_run_tells_and_changes_nothing(tmp_path: Path) -> None:
    places = little_chroot(tmp_path)
    commit(places)
    planned = commit(places, keep=1, dry_run=True)
    assert (planned.number, planned.record, planned.removed) == (2, None, (1,))
    assert read_chroot(places).current == 1


def test_a_number_whose_generation_was_broken_off_is_skipped(tmp_path: Path) -> None:
    places = little_chroot(tmp_path)
    commit(places)
    places.generation(1).rename(tmp_path / "lost")
    assert commit(places).number == 2


def test_packages_that_are_half_installed_are_refused(tmp_path: Path) -> None:
    places = little_chroot(tmp_path)
    status = places.tree / "var/lib/dpkg/status"
    (status.parent / "info").mkdir(parents=True)
    status.write_text(
        "Package: half\nStatus: install ok unpacked\nVersion: 1\nArchitecture: all\n"
        "Maintainer: A <a@example.org>\nDescription: x\n"
    )
    assert "half" in run(["dpkg", f"--root={places.tree}", "--audit"], check=False).stdout
    with pytest.raises(ModpkgError, match="dpkg says: The following packages") as caught:
        commit(places)
    assert "dpkg --configure --pending" in caught.value.hint
    assert list(places.generations.iterdir()) == []


def test_none_to_keep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot keep 0"):
        commit(little_chroot(tmp_path), keep=0)
