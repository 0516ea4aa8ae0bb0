import os
from pathlib import Path

import pytest

from modpkg.rootfs.prune import prune

NAMES = (
    "usr/share/doc/munge/copyright",
    "usr/share/doc/munge/README.gz",
    "usr/share/doc/slurm/copyright",
    "usr/share/doc/slurm/html/index.html",
    "usr/share/man/man1/ls.1.gz",
    "usr/share/man/de/man1/ls.1.gz",
    "usr/bin/ls",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in NAMES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def left(tree: Path) -> list[str]:
    return sorted(str(path.relative_to(tree)) for path in tree.rglob("*") if not path.is_dir())


def test_a_question_mark_stands_for_a_byte_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"m\xfcnge")).write_bytes(b"")
    assert len(prune(tmp_path, exclude=["/m?nge"])) == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_excluded_goes_with_the_directories_that_it_filled(tree: Path) -> None:
    removed = prune(tree, exclude=["/usr/share/doc/**"])
    assert left(tree) == ["usr/bin/ls", "usr/share/man/de/man1/ls.1.gz", "usr/share/man/man1/ls.1.gz"]
    assert (tree / "usr/share/doc").is_dir()
    assert removed == (
        "/usr/share/doc/munge",
        "/usr/share/doc/munge/README.gz",
        "/usr/share/doc/munge/copyright",
        "/usr/share/doc/slurm",
        "/usr/share/doc/slurm/copyright",
        "/usr/share/doc/slurm/html",
        "/usr/share/doc/slurm/html/index.html",
    )


def test_exceptions_stay_with_the_directories_above_them(tree: Path) -> None:
    prune(tree, exclude=["/usr/share/doc/**", "/usr/share/man/**"], include=["/usr/share/doc/*/copyright"])
    assert left(tree) == [
        "usr/bin/ls",
        "usr/share/doc/munge/copyright",
        "usr/share/doc/slurm/copyright",
    ]
    assert not (tree / "usr/share/doc/slurm/html").exists()
    assert list((tree / "usr/share/man").iterdir()) == []


def test_an_exception_for_a_directory_is_none_for_what_is_in_it(tree: Path) -> None:
    prune(tree, exclude=["/usr/share/doc/**"], include=["/usr/share/doc/slurm"])
    assert list((tree / "usr/share/doc").iterdir()) == [tree / "usr/share/doc/slurm"]
    assert list((tree / "usr/share/doc/slurm").iterdir()) == []


def test_a_directory_that_is_named_but_not_empty_stays(tree: Path) -> None:
    assert prune(tree, exclude=["/usr/share/doc"]) == ()
    assert (tree / "usr/share/doc/munge/copyright").exists()


def test_a_directory_that_is_not_named_stays_empty(tree: Path) -> None:
    prune(tree, exclude=["/usr/share/man/man1/*.gz"])
    assert (tree / "usr/share/man/man1").is_dir()


def test_an_empty_directory_that_is_named_goes(tree: Path) -> None:
    (tree / "var/empty").mkdir(parents=True)
    assert prune(tree, exclude=["/var/empty"]) == ("/var/empty",)


def test_links_are_removed_and_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(b"")
    tree = tmp_path / "tree"
    (tree / "doc").mkdir(parents=True)
    (tree / "doc/link").symlink_to(outside)
    (tree / "doc/dangling").symlink_to("nowhere")
    assert prune(tree, exclude=["/doc/**"]) == ("/doc/dangling", "/doc/link")
    assert (outside / "kept").exists()


def test_globs_may_be_given_once_only(tree: Path) -> None:
    prune(tree, exclude=iter(["/usr/share/**"]), include=iter(["/usr/share/man/**"]))
    assert left(tree) == ["usr/bin/ls", "usr/share/man/de/man1/ls.1.gz", "usr/share/man/man1/ls.1.gz"]
