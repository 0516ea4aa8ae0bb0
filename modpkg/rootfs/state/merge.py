"""Merges the state of several modules into databases. The order of the modules never matters."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from modpkg.model.module import State
from modpkg.rootfs.state.alternatives import ADMIN, LINKS, admin_text, links_of, merged_alternative
from modpkg.rootfs.state.conflict import Conflict, StateError
from modpkg.rootfs.state.databases import database_of
from modpkg.rootfs.state.dpkg import STATUS, merged_stanzas, status_text
from modpkg.rootfs.state.group import DATABASES_OF_GROUPS, with_members
from modpkg.rootfs.state.nsswitch import NSSWITCH, merged_services, services_text
from modpkg.rootfs.state.records import merged, shares_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from modpkg.model.module import Alternative, Module


@dataclass(slots=True)
class Union:
    """The state of a set of modules as if it were of one, and every conflict in it."""

    state: State
    conflicts: list[Conflict] = field(default_factory=list)


def merge_states(modules: Sequence[Module], destination: Path) -> None:
    """Write the merged databases of modules into a directory, with Debian's modes and owners.

    Nothing is written if modules disagree: a StateError holds all conflicts. Times are left to the caller.
    """
    union = unite({module.name: module.state for module in modules})
    if union.conflicts:
        names = ", ".join(sorted(module.name for module in modules))
        raise StateError(f"cannot merge the state of {names}:", union.conflicts)
    write_state(union.state, destination)


def unite(states: Mapping[str, State]) -> Union:
    """Merge states by the name of their module, without writing anything."""
    conflicts: list[Conflict] = []
    lines = dict(_merged_lines(states, conflicts))
    stanzas, differing = merged_stanzas([(name, state.stanzas) for name, state in sorted(states.items())])
    conflicts += differing
    alternatives = dict(_merged_alternatives(states, conflicts))
    services, differing = merged_services([(name, state.services) for name, state in sorted(states.items())])
    conflicts += differing
    union = State(stanzas=stanzas, lines=lines, alternatives=alternatives, services=services)
    return Union(union, sorted(set(conflicts)))


def _merged_lines(
    states: Mapping[str, State], conflicts: list[Conflict]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    by_module = {name: state.lines for name, state in states.items()}
    for path in sorted({path for lines in by_module.values() for path in lines}):
        records, differing = merged(database_of(path), path, shares_of(path, by_module))
        conflicts += differing
        if path in DATABASES_OF_GROUPS:
            records = with_members(path, records, _all_members(path, states.values()))
        yield path, records


def _all_members(path: str, states: Iterable[State]) -> dict[str, tuple[str, ...]]:
    members: dict[str, tuple[str, ...]] = {}
    for state in states:
        for group, users in state.members.get(path, {}).items():
            members[group] = (*members.get(group, ()), *users)
    return members


def _merged_alternatives(
    states: Mapping[str, State], conflicts: list[Conflict]
) -> Iterator[tuple[str, Alternative]]:
    for name in sorted({name for state in states.values() for name in state.alternatives}):
        shares = [
            (module, state.alternatives[name])
            for module, state in sorted(states.items())
            if name in state.alternatives
        ]
        alternative, differing = merged_alternative(name, shares)
        conflicts += differing
        yield name, alternative


def write_state(state: State, destination: Path) -> None:
    """Write one state as the files it was taken from."""
    for path, records in state.lines.items():
        database = database_of(path)
        _write(destination / path, text_of(records), mode=database.mode, gid=database.gid)
    if state.stanzas:
        _write(destination / STATUS, status_text(state.stanzas))
    if state.services:
        _write(destination / NSSWITCH, services_text(state.services))
    for name, alternative in state.alternatives.items():
        _write(destination / ADMIN / name, admin_text(alternative))
        for link, target in links_of(name, alternative).items():
            _make_directory(destination / LINKS)
            (destination / LINKS / link).symlink_to(target)


def _write(path: Path, text: str, *, mode: int = 0o644, gid: int = 0) -> None:
    _make_directory(path.parent)
    path.write_text(text, encoding="utf-8")
    os.chown(path, 0, gid)
    path.chmod(mode)


def _make_directory(path: Path) -> None:
    # Not mkdir(parents=True): the mode of parents would come from the umask.
    if not path.exists():
        _make_directory(path.parent)
        path.mkdir()
        path.chmod(0o755)
