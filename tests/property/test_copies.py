"""Copies of trees that change: each copy is what the tree was, whatever copies before it share with it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from modpkg.host.copy_tree import copy_tree

NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
CHANGES = st.one_of(
    st.tuples(st.just("write"), PATHS, st.text("xy", max_size=2)),
    st.tuples(st.just("append"), PATHS, st.just("z")),
    st.tuples(st.just("mode"), PATHS, st.sampled_from(["700", "755"])),
    st.tuples(st.just("link"), PATHS, NAMES),
    st.tuples(st.just("remove"), PATHS, st.just("")),
)


def _change(tree: Path, kind: str, name: str, word: str) -> None:
    path = tree / name
    above = [tree.joinpath(*Path(name).parts[:depth]) for depth in range(1, len(Path(name).parts))]
    if any(parent.is_file() or parent.is_symlink() for parent in above):
        return
    if kind == "remove":
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
        return
    if kind == "mode":
        if path.exists() and not path.is_symlink():
            path.chmod(int(word, 8))
        return
    if path.is_dir() or (kind == "link" and os.path.lexists(path)) or path.is_symlink():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "link":
        path.symlink_to(word)
    else:
        with path.open("a" if kind == "append" else "w") as stream:
            stream.write(word)


def _facts(tree: Path) -> dict[str, tuple[object, ...]]:
    def of(path: Path) -> tuple[object, ...]:
        about = path.lstat()
        text = str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else ""
        return about.st_mode, about.st_mtime_ns, text

    return {str(path.relative_to(tree)): of(path) for path in (tree, *tree.rglob("*"))}


@settings(max_examples=40)
@given(st.lists(st.lists(CHANGES, max_size=6), min_size=1, max_size=4))
def test_every_generation_stays_what_the_tree_was(rounds: list[list[tuple[str, str, str]]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "tree"
        tree.mkdir()
        wanted: list[dict[str, tuple[object, ...]]] = []
        for number, changes in enumerate(rounds):
            for change in changes:
                _change(tree, *change)
            earlier = Path(place) / str(number - 1) if number else None
            copy_tree(tree, Path(place) / str(number), earlier=earlier)
            wanted.append(_facts(tree))
        assert [_facts(Path(place) / str(number)) for number in range(len(rounds))] == wanted
