"""Takes a module's share of the databases out of its tree. It is the inverse of merging.

Nothing is removed from the tree unless all of it can be taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from modpkg.model.module import State
from modpkg.rootfs.state.alternatives import ADMIN, LINKS, added_alternative, links_of, read_alternative
from modpkg.rootfs.state.conflict import Conflict, StateError
from modpkg.rootfs.state.databases import DATABASES
from modpkg.rootfs.state.dpkg import STATUS, Stanza, added_stanzas, parse_status
from modpkg.rootfs.state.group import DATABASES_OF_GROUPS, split_members
from modpkg.rootfs.state.merge import unite
from modpkg.rootfs.state.nsswitch import NSSWITCH, added_services, parse_services
from modpkg.rootfs.state.records import added, paths_in, read_text
from modpkg.rootfs.state.triggers import LOCK as TRIGGERS_LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from modpkg.model.module import Alternative, Module
    from modpkg.rootfs.state.records import Database

HERE = "this module"


@dataclass(slots=True, kw_only=True)
class _Taking:
    """What is known while one state is taken: the tree, the state below, what was found so far."""

    tree: Path
    base: State
    below: str
    conflicts: list[Conflict] = field(default_factory=list)
    members: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)


def take_state(tree: Path, below: Sequence[Module] = ()) -> State:
    """Give what a tree adds to the databases of the modules below it, and remove the databases from it.

    `tree` is the upper directory of an overlay, or a whole tree when nothing is below. Raises StateError with
    everything that cannot be taken: what belongs to a lower module was changed or removed, a package is not
    wholly installed, a trigger did not run.
    """
    union = unite({module.name: module.state for module in below})
    if union.conflicts:
        raise StateError("cannot build on modules that disagree:", union.conflicts)
    names = " + ".join(sorted(module.name for module in below))
    taking = _Taking(tree=tree, base=union.state, below=names or "nothing")
    state = State(
        lines=dict(_take_lines(taking)),
        stanzas=_take_stanzas(taking),
        alternatives=dict(_take_alternatives(taking)),
        services=_take_services(taking),
        members=taking.members,
    )
    if taking.conflicts:
        raise StateError("cannot take the state of this module:", taking.conflicts)
    for path in taking.taken:
        (tree / path).unlink()
    return state


def _take_lines(taking: _Taking) -> Iterator[tuple[str, tuple[str, ...]]]:
    for database, path in sorted(_found(taking.tree), key=lambda pair: pair[1]):
        records = database.parse(read_text(taking.tree, path))
        base = taking.base.lines.get(path, ())
        if path in DATABASES_OF_GROUPS:
            records, members = split_members(path, records, base)
            taking.members |= {path: members} if members else {}
        new, conflicts = added(database, path, records, base=base, below=taking.below, here=HERE)
        taking.conflicts += conflicts
        taking.taken.append(path)
        if new or path not in taking.base.lines:
            yield path, new


def _found(tree: Path) -> list[tuple[Database, str]]:
    found: dict[str, Database] = {}
    for database in DATABASES:
        for path in paths_in(tree, database.pattern):
            if path != TRIGGERS_LOCK:
                found.setdefault(path, database)
    return [(database, path) for path, database in found.items()]


def _take_stanzas(taking: _Taking) -> tuple[str, ...]:
    if not any(paths_in(taking.tree, STATUS)):
        return ()
    taking.taken.append(STATUS)
    new, conflicts = added_stanzas(
        parse_status(read_text(taking.tree, STATUS)),
        base=tuple(map(Stanza.parse, taking.base.stanzas)),
        below=taking.below,
        here=HERE,
    )
    taking.conflicts += conflicts
    return new


def _take_services(taking: _Taking) -> dict[str, tuple[str, ...]]:
    if not any(paths_in(taking.tree, NSSWITCH)):
        return {}
    taking.taken.append(NSSWITCH)
    new, conflicts = added_services(
        parse_services(read_text(taking.tree, NSSWITCH)),
        base=taking.base.services,
        below=taking.below,
        here=HERE,
    )
    taking.conflicts += conflicts
    return new


def _take_alternatives(taking: _Taking) -> Iterator[tuple[str, Alternative]]:
    links = _base_links(taking.base) | _own_links(taking)
    for path in paths_in(taking.tree, f"{ADMIN}/*"):
        name = path.rpartition("/")[2]
        taking.taken.append(path)
        new, conflicts = added_alternative(
            name,
            read_alternative(name, read_text(taking.tree, path), links),
            base=taking.base.alternatives.get(name),
            below=taking.below,
            here=HERE,
        )
        taking.conflicts += conflicts
        if new:
            yield name, new


def _base_links(base: State) -> dict[str, str]:
    return {
        link: target
        for name, alternative in base.alternatives.items()
        for link, target in links_of(name, alternative).items()
    }


def _own_links(taking: _Taking) -> dict[str, str]:
    links = {}
    for path in paths_in(taking.tree, f"{LINKS}/*"):
        entry = taking.tree / path
        if entry.is_symlink():
            links[entry.name] = str(entry.readlink())
        # A character device is overlayfs' word for a link that is gone; README is dpkg's own file.
        if entry.is_symlink() or entry.is_char_device():
            taking.taken.append(path)
    return links
