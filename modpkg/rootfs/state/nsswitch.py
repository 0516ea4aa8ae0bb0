"""nsswitch.conf: which services are asked for each database, in which order (nsswitch.conf(5)).

A package puts its service before or behind others. The union keeps every order that a module has; where modules
say nothing about two services, their names decide. Orders that contradict each other are a conflict.
"""

from __future__ import annotations

import itertools
import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

from modpkg.rootfs.state.conflict import Conflict, disagreement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Services = Mapping[str, tuple[str, ...]]

NSSWITCH: Final = "etc/nsswitch.conf"
# A service and the actions behind it, which belong to it.
SERVICE: Final = re.compile(r"[^\s\[]+(?:\s*\[[^\]]*\])*")
# As Debian writes them, in groups; others follow by name.
LAYOUT: Final = (
    ("passwd", "group", "shadow", "gshadow"),
    ("hosts", "networks"),
    ("protocols", "services", "ethers", "rpc"),
    ("netgroup",),
)
WIDTH: Final = 16
HEAD: Final = "# /etc/nsswitch.conf: put together from all modules of the image.\n"


def parse_services(text: str) -> dict[str, tuple[str, ...]]:
    """Read the text of a file: the services of each database, in order, each with its actions."""
    found = {}
    for line in text.split("\n"):
        database, colon, services = line.partition("#")[0].partition(":")
        if colon:
            found[database.strip()] = tuple(" ".join(one.split()) for one in SERVICE.findall(services))
    return found


def services_text(services: Services) -> str:
    """Write a file, in Debian's layout."""
    known = {name for group in LAYOUT for name in group}
    groups = [*LAYOUT, tuple(sorted(services.keys() - known))]
    blocks = [[_line(name, services[name]) for name in group if name in services] for group in groups]
    return "\n".join([HEAD, *("".join(block) for block in blocks if block)])


def _line(database: str, services: Sequence[str]) -> str:
    return f"{database}:".ljust(WIDTH) + " ".join(services) + "\n"


def added_services(
    services: Services, *, base: Services, below: str, here: str
) -> tuple[dict[str, tuple[str, ...]], tuple[Conflict, ...]]:
    """Give the databases that differ from the base's, whole; what the base has must be there, in its order."""
    conflicts: list[Conflict] = []
    for database, chain in base.items():
        new = services.get(database, ())
        union, clash = _united(database, [(below, chain), (here, new)])
        if clash or union != new:
            conflicts += disagreement(
                NSSWITCH, f"services of {database}", [(below, " ".join(chain)), (here, " ".join(new))]
            )
    changed = {name: chain for name, chain in services.items() if base.get(name) != chain}
    return changed, tuple(conflicts)


def merged_services(
    shares: Sequence[tuple[str, Services]],
) -> tuple[dict[str, tuple[str, ...]], tuple[Conflict, ...]]:
    """Give the union of what modules have, and what they disagree about."""
    merged: dict[str, tuple[str, ...]] = {}
    conflicts: list[Conflict] = []
    for database in sorted({name for _, services in shares for name in services}):
        chains = [(module, services[database]) for module, services in shares if database in services]
        merged[database], clash = _united(database, chains)
        conflicts += clash
    return merged, tuple(conflicts)


def _united(
    database: str, chains: Sequence[tuple[str, tuple[str, ...]]]
) -> tuple[tuple[str, ...], tuple[Conflict, ...]]:
    said: dict[str, list[tuple[str, str]]] = {}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for module, chain in chains:
        names = [service.split()[0] for service in chain]
        for name, service in zip(names, chain, strict=True):
            said.setdefault(name, []).append((module, service))
            sorter.add(name)
        for before, after in itertools.pairwise(names):
            sorter.add(after, before)
    conflicts = [
        conflict
        for name, sides in said.items()
        for conflict in disagreement(NSSWITCH, f"service {name} of {database}", sides)
    ]
    try:
        order = _in_order(sorter)
    except CycleError:
        sides = [(module, " ".join(chain)) for module, chain in chains]
        return (), (*conflicts, *disagreement(NSSWITCH, f"order of the services of {database}", sides))
    return tuple(min(service for _, service in said[name]) for name in order), tuple(conflicts)


def _in_order(sorter: TopologicalSorter[str]) -> list[str]:
    sorter.prepare()
    ready: set[str] = set()
    order = []
    while sorter.is_active():
        ready.update(sorter.get_ready())
        name = min(ready)
        ready.remove(name)
        order.append(name)
        sorter.done(name)
    return order
