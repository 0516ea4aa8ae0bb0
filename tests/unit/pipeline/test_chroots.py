import os
from pathlib import Path

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import ignore
from modpkg.formats.documents import load_platform
from modpkg.host.mirrors import Mirrors
from modpkg.model.chroot import ChrootPlaces
from modpkg.pipeline.chroots import (
    clone_chroot,
    create_chroot,
    find_chroot,
    list_chroots,
    read_chroot,
    remove_chroot,
    remove_generation,
)
from modpkg.pipeline.commit_chroot import commit_chroot
from tests.support.little_chroot import little_chroot, needs_root

PLATFORM = Path(__file__).parents[3] / "recipes/platforms/bookworm.yaml"


@needs_root
def test_a_clone_has_the_tree_and_neither_files_nor_generations_of_the_other(tmp_path: Path) -> None:
    source = little_chroot(tmp_path)
    commit_chroot(source, keep=5, now=1, dry_run=False, sink=ignore)
    target = find_chroot(tmp_path, "apps-test")
    clone_chroot(source, target, dry_run=True, sink=ignore)
    assert not target.root.exists()
    clone_chroot(source, target, dry_run=False, sink=ignore)
    (source.tree / "usr/bin/tool").write_text("changed in place\n")
    assert (target.tree / "usr/bin/tool").read_text() == "one\n"
    known = read_chroot(target)
    assert known.record.cloned_from == "apps"
    assert (known.generations, known.current) == ((), None)
    assert [chroot.record.name for chroot in list_chroots(tmp_path)] == ["apps", "apps-test"]


@needs_root
def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    source = little_chroot(tmp_path)
    platform = load_platform(PLATFORM)
    for act in (
        lambda: clone_chroot(source, source, dry_run=False, sink=ignore),
        lambda: create_chroot(source, platform, Mirrors(), dry_run=True, sink=ignore),
    ):
        with pytest.raises(BadInputError, match="there is something already"):
            act()


@needs_root
def test_a_mirror_that_nobody_knows_is_told_before_anything_is_made(tmp_path: Path) -> None:
    platform = load_platform(PLATFORM)
    places = find_chroot(tmp_path / "srv", "apps")
    with pytest.raises(ModpkgError, match="cannot find the mirror 'debian'"):
        create_chroot(places, platform, Mirrors(apt_directory=tmp_path), dry_run=False, sink=ignore)
    assert not (tmp_path / "srv").exists()


@needs_root
def test_a_mirror_that_does_not_answer_leaves_nothing_and_its_address_is_not_told(tmp_path: Path) -> None:
    platform = load_platform(PLATFORM)
    environ = {
        "MODPKG_MIRROR_DEBIAN": f"file://{tmp_path}/secret",
        "MODPKG_MIRROR_DEBIAN_SECURITY": f"file://{tmp_path}/secret-security",
    }
    places = find_chroot(tmp_path / "srv", "apps")
    with pytest.raises(ModpkgError, match="mmdebstrap") as caught:
        create_chroot(places, platform, Mirrors(environ=environ), dry_run=False, sink=ignore)
    assert f"file://{tmp_path}/secret" not in str(caught.value)
    assert [path.name for path in (tmp_path / "srv").iterdir()] == [".apps.lock"]


@needs_root
def test_a_chroot_goes_with_all_that_it_has(tmp_path: Path) -> None:
    places = little_chroot(tmp_path)
    commit_chroot(places, keep=5, now=1, dry_run=False, sink=ignore)
    remove_chroot(places, dry_run=True, sink=ignore)
    assert places.tree.is_dir()
    remove_chroot(places, dry_run=False, sink=ignore)
    assert list(tmp_path.iterdir()) == []


@needs_root
def test_one_generation_goes_and_the_one_in_use_stays(tmp_path: Path) -> None:
    places = little_chroot(tmp_path)
    for moment in (1, 2):
        commit_chroot(places, keep=5, now=moment, dry_run=False, sink=ignore)
    with pytest.raises(BadInputError, match="nodes take it now"):
        remove_generation(places, 2, dry_run=False, sink=ignore)
    with pytest.raises(BadInputError, match="no generation 7"):
        remove_generation(places, 7, dry_run=False, sink=ignore)
    remove_generation(places, 1, dry_run=True, sink=ignore)
    assert places.generation(1).is_dir()
    remove_generation(places, 1, dry_run=False, sink=ignore)
    assert sorted(path.name for path in places.generations.iterdir()) == ["2", "2.json"]


@pytest.mark.parametrize("name", ["", "..", "a/b", "Apps", ".hidden", "a--b"])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="is no name of a chroot"):
        find_chroot(tmp_path, name)


def test_one_that_is_not_there_and_one_that_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="there is no such chroot") as caught:
        read_chroot(find_chroot(tmp_path, "apps"))
    assert "chroot-create apps" in caught.value.hint
    places = little_chroot(tmp_path)
    places.record.write_text("{")
    with pytest.raises(BadInputError, match="cannot read it"):
        read_chroot(places)


def test_packages_are_counted_that_are_installed(tmp_path: Path) -> None:
    places = little_chroot(tmp_path)
    status = places.tree / "var/lib/dpkg/status"
    status.parent.mkdir(parents=True)
    words = ("install ok installed", "deinstall ok config-files", "hold ok installed")
    status.write_text("".join(f"Package: p{n}\nStatus: {text}\n\n" for n, text in enumerate(words)))
    assert read_chroot(places).packages == 2


def test_a_folder_without_chroots_has_none(tmp_path: Path) -> None:
    assert list_chroots(tmp_path / "none") == []
    (tmp_path / "other").mkdir()
    assert list_chroots(tmp_path) == []


def test_an_ordinary_user_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ModpkgError, match="as an ordinary user"):
        remove_chroot(ChrootPlaces(tmp_path / "apps"), dry_run=True, sink=ignore)
