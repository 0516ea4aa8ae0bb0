"""Laws of trees: what is described, left out and moved, whatever the names and numbers."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modpkg.model.globs import glob_pattern
from modpkg.model.platform import Accounts
from modpkg.rootfs.inventory import inventory, uncompressed_size
from modpkg.rootfs.prune import prune
from modpkg.rootfs.renumber import Registry, renumber

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners of files need root")

NAMES = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=6).filter(
    lambda name: name not in {".", ".."} and len(name.encode()) < 200
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TREES = st.dictionaries(PATHS, st.binary(max_size=20), max_size=6)


def grow(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """Make the files that can stand beside each other; gives those."""
    made = {}
    for name, content in files.items():
        path = Path(folder) / name
        if any(parent.is_file() for parent in path.parents) or path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        made[name] = content
    return made


@given(TREES)
def test_every_file_is_described_under_its_name_and_sizes_add_up(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = grow(folder, files)
        found = inventory(Path(folder))
    described = {path for path, line in found.items() if line.startswith("file ")}
    assert described == set(made)
    assert uncompressed_size(found) == sum(map(len, made.values()))
    assert list(found) == sorted(found)


@given(TREES)
def test_a_description_has_one_line_and_no_more_words_than_it_should(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        grow(folder, files)
        lines = inventory(Path(folder)).values()
    assert {len(line.split(" ")) for line in lines} <= {4, 6}
    assert not any("\n" in line for line in lines)


@given(TREES)
def test_leaving_everything_out_leaves_nothing(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        grow(folder, files)
        before = set(inventory(Path(folder)))
        removed = prune(Path(folder), exclude=["/**"])
        assert {path.removeprefix("/") for path in removed} == before
        assert inventory(Path(folder)) == {}


@given(TREES)
def test_what_is_kept_and_what_is_removed_is_all_there_was(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        grow(folder, files)
        before = inventory(Path(folder))
        removed = {path[1:] for path in prune(Path(folder), exclude=["/*a*/**", "/?"], include=["/**/*b*"])}
        after = inventory(Path(folder))
    assert removed | set(after) == set(before)
    assert removed & set(after) == set()
    assert {path: before[path] for path in after} == after


@given(PATHS)
def test_a_path_is_matched_by_itself_and_by_stars(path: str) -> None:
    plain = "".join(letter for letter in path if letter not in "*?")
    assert glob_pattern([f"/{plain}"]).fullmatch(f"/{plain}")
    assert glob_pattern(["/**"]).fullmatch(f"/{path}")
    assert bool(glob_pattern(["/*"]).fullmatch(f"/{path}")) == ("/" not in path)
    assert glob_pattern([f"/{'?' * len(path.split('/', maxsplit=1)[0])}**"]).fullmatch(f"/{path}")


IDS = st.integers(100, 120)


@given(st.lists(IDS, min_size=2, max_size=5, unique=True), st.data())
def test_any_exchange_of_ids_gives_each_file_its_owners_new_one(old: list[int], data: st.DataObject) -> None:
    new = data.draw(st.lists(IDS, min_size=len(old), max_size=len(old), unique=True))
    names = [f"user{number}" for number in range(len(old))]
    table = dict(zip(names, new, strict=True))
    registry = Registry(
        recipe_path="r",
        declared=tuple(names),
        platform_path="p",
        accounts=Accounts(users=table, groups=table),
    )
    with tempfile.TemporaryDirectory() as folder:
        upper = Path(folder)
        (upper / "etc").mkdir()
        rows = list(zip(names, old, strict=True))
        (upper / "etc/passwd").write_text("".join(f"{name}:x:{uid}:{uid}::/:/bin/sh\n" for name, uid in rows))
        (upper / "etc/group").write_text("".join(f"{name}:x:{uid}:\n" for name, uid in rows))
        for name, uid in rows:
            (upper / name).touch()
            os.chown(upper / name, uid, uid)
            os.link(upper / name, upper / "etc" / name)
        renumber(upper, below=None, registry=registry)
        owners = {name: (upper / name).stat().st_uid for name in names}
        groups = {name: (upper / name).stat().st_gid for name in names}
    assert owners == groups == table
