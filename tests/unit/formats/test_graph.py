from __future__ import annotations

import pytest

from modpkg.formats import graph

DIAMOND = {"core": (), "b": ("core",), "a": ("core",), "top": ("a", "b")}


def test_reachable_goes_all_the_way() -> None:
    assert graph.reachable(DIAMOND, "top") == {"a", "b", "core"}
    assert graph.reachable(DIAMOND, "core") == set()


def test_reachable_goes_through_names_without_edges() -> None:
    assert graph.reachable({"a": ("gone",)}, "a") == {"gone"}


def test_the_lower_comes_first_and_equals_by_name() -> None:
    assert graph.ordered(DIAMOND, DIAMOND) == ["core", "a", "b", "top"]


def test_an_unrelated_name_changes_no_order() -> None:
    more = {**DIAMOND, "aa": ("z",), "z": ("core",), "c": ()}
    assert [name for name in graph.ordered(more, more) if name in DIAMOND] == graph.ordered(DIAMOND, DIAMOND)


@pytest.mark.parametrize(
    ("edges", "circles"),
    [
        (DIAMOND, []),
        ({"a": ("a",)}, [("a", "a")]),
        ({"a": ("b",), "b": ("a",)}, [("a", "b", "a")]),
        ({"a": ("b",), "b": ("c",), "c": ("b",)}, [("b", "c", "b")]),
        ({"a": ("b",), "b": ("a",), "c": ("d",), "d": ("c",)}, [("a", "b", "a"), ("c", "d", "c")]),
        ({"a": ("b", "c"), "b": ("c",), "c": ("a",)}, [("a", "c", "a")]),
    ],
)
def test_each_circle_is_told_once_and_short(
    edges: dict[str, tuple[str, ...]], circles: list[tuple[str, ...]]
) -> None:
    assert graph.circles(edges) == circles
