"""Taking state out of a tree and merging it back are inverse, for whatever modules there are."""

from __future__ import annotations

import os
import tempfile
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modpkg.model.module import Alternative, Choice, State
from modpkg.rootfs.state.merge import merge_states, unite
from modpkg.rootfs.state.take import take_state
from tests.support.stack import make_module, stanza

if TYPE_CHECKING:
    from modpkg.model.module import Module

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to the group shadow")

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
MODULES = ("core", "ib", "slurm")
NUMBERS = st.integers(min_value=1, max_value=3)


@st.composite
def stacks(draw: st.DrawFn) -> list[Module]:
    """Three modules that agree: each account, package and choice belongs to one of them."""
    owners = draw(st.dictionaries(NAMES, st.sampled_from(MODULES), max_size=12))
    ids = {name: 300 + index for index, name in enumerate(sorted(owners))}
    mine = {module: [n for n in sorted(owners) if owners[n] == module] for module in MODULES}
    joined = draw(st.dictionaries(st.sampled_from(mine["core"] or ["none"]), st.sets(NAMES, max_size=3)))
    choices = draw(st.dictionaries(NAMES, st.tuples(st.sampled_from(MODULES), NUMBERS), max_size=5))
    return [
        make_module(
            module,
            state=State(
                stanzas=tuple(stanza(name) for name in mine[module]),
                lines=_lines(module, mine[module], ids),
                members=_members(module, joined if mine["core"] else {}),
                alternatives=_alternatives(module, choices),
            ),
        )
        for module in MODULES
    ]


def _lines(module: str, names: list[str], ids: dict[str, int]) -> dict[str, tuple[str, ...]]:
    by_id = sorted(names, key=lambda name: ids[name])
    lines = {
        "etc/passwd": tuple(f"{name}:x:{ids[name]}:{ids[name]}::/:/bin/sh" for name in by_id),
        "etc/shadow": tuple(sorted(f"{name}:!:::::::" for name in names)),
        "etc/group": tuple(f"{name}:x:{ids[name]}:" for name in by_id),
        "etc/gshadow": tuple(sorted(f"{name}:!::" for name in names)),
        "var/lib/dpkg/diversions": tuple(f"/bin/{name}\n/bin/{name}.real\n{name}" for name in sorted(names)),
        "var/lib/dpkg/triggers/File": tuple(f"/usr/{name} {name}" for name in sorted(names)),
    }
    # A database that core has and this module adds nothing to is not named by this module.
    return {path: records for path, records in lines.items() if records or module == "core"}


def _members(module: str, joined: dict[str, set[str]]) -> dict[str, dict[str, tuple[str, ...]]]:
    members = {group: tuple(sorted(users)) for group, users in joined.items() if users}
    return {"etc/group": members, "etc/gshadow": members} if members and module == "ib" else {}


def _alternatives(module: str, choices: dict[str, tuple[str, int]]) -> dict[str, Alternative]:
    mine = sorted((name, number) for name, (owner, number) in choices.items() if owner == module)
    if not mine:
        return {}
    made = tuple(Choice(path=f"/usr/bin/{name}", priority=number) for name, number in mine)
    return {"editor": Alternative(link="/usr/bin/editor", choices=tuple(sorted(made, key=lambda c: c.path)))}


def texts(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): str(path.readlink()) if path.is_symlink() else path.read_text()
        for path in directory.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def merged(modules: list[Module], directory: Path) -> Path:
    directory.mkdir()
    merge_states(modules, directory)
    return directory


@settings(max_examples=25, deadline=None)
@given(stacks())
def test_what_was_merged_is_taken_again(modules: list[Module]) -> None:
    core, ib, _ = modules
    with tempfile.TemporaryDirectory() as name:
        tree = merged([core], Path(name) / "core")
        assert take_state(tree) == core.state
        assert texts(tree) == {}
        assert take_state(merged([core, ib], Path(name) / "both"), [core]) == ib.state


@settings(max_examples=25, deadline=None)
@given(stacks())
def test_the_order_of_modules_never_matters(modules: list[Module]) -> None:
    with tempfile.TemporaryDirectory() as name:
        written = [
            texts(merged(list(order), Path(name) / str(number)))
            for number, order in enumerate(permutations(modules))
        ]
    assert all(one == written[0] for one in written)


@settings(max_examples=25, deadline=None)
@given(stacks())
def test_merging_is_associative(modules: list[Module]) -> None:
    core, ib, slurm = (module.state for module in modules)
    whole = unite({"core": core, "ib": ib, "slurm": slurm})
    lower = unite({"core": core, "ib": ib})
    assert lower.conflicts == whole.conflicts == []
    assert unite({"lower": lower.state, "slurm": slurm}).state == whole.state
