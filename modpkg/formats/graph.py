"""Which module stands on which: circles, and orders that no unrelated module can change. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def reachable(edges: Mapping[str, Iterable[str]], start: str) -> set[str]:
    """Give all that `start` stands on, directly or not; itself only if it is in a circle."""
    found: set[str] = set()
    waiting = list(edges.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(edges.get(name, ()))
    return found


def circles(edges: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Give a shortest circle for each group that stands on itself, from its first name in `edges`."""
    found: list[tuple[str, ...]] = []
    told: set[str] = set()
    for name in edges:
        around = reachable(edges, name)
        if name in around and name not in told:
            found.append(_shortest_circle(edges, name))
            told |= {other for other in around if name in reachable(edges, other)}
    return found


def ordered(edges: Mapping[str, Iterable[str]], names: Iterable[str]) -> list[str]:
    """Sort names so that each comes after all it stands on; raises RecursionError on a circle.

    The key of a name is its own depth, not its place in a walk: modules that have nothing to do with each
    other never change each other's order.
    """
    return sorted(names, key=lambda name: (_depth(edges, name), name))


def _depth(edges: Mapping[str, Iterable[str]], name: str) -> int:
    return max((1 + _depth(edges, lower) for lower in edges.get(name, ())), default=0)


def _shortest_circle(edges: Mapping[str, Iterable[str]], start: str) -> tuple[str, ...]:
    # Breadth first, so that the circle is a shortest one; sorted, so that it is always the same.
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while ways:
        longer: list[tuple[str, ...]] = []
        for way in ways:
            for lower in sorted(edges.get(way[-1], ())):
                if lower == start:
                    return (*way, start)
                if lower not in seen:
                    seen.add(lower)
                    longer.append((*way, lower))
        ways = longer
    raise ValueError(f"{start} is in no circle")
