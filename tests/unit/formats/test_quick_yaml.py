"""Plain lines are read the quick way, and say what ruamel.yaml's own way says: values and places of each event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from modpkg.formats import quick_yaml
from modpkg.formats.quick_yaml import QuickReader, QuickScanner

WORDS = (
    "a",
    "beo-01",
    "52:54:00:00:00:01",
    "a:",
    "x#y",
    "~",
    "-",
    "- b",
    "a b",
    "'q'",
    "{c: d}",
    "[e, f]",
    "?",
    "---",
)


def events(text: str, *, quick: bool) -> list[Any]:
    yaml = YAML(typ="safe", pure=True)
    if quick:
        yaml.Reader, yaml.Scanner = QuickReader, QuickScanner
    found: list[Any] = []
    try:
        for event in yaml.parse(text):
            marks = [(mark.line, mark.column, mark.index) for mark in (event.start_mark, event.end_mark)]
            found.append((type(event).__name__, getattr(event, "value", None), marks))
    except YAMLError as error:
        found.append(type(error).__name__)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "macs:\n  beo-01: 52:54:00:00:00:01\n  beo-02: 52:54:00:00:00:02\ngroups: x\n",
        "a: b\n  c\n",
        "a: b\n\n\nc: d\n",
        "a: b # remark\nc: d\n",
        "a: b\n# remark\nc: d\n",
        "a: b\n---\nc: d\n",
        "a:\n  - b\n  - c:d\n  - e: f\n    g: h\n",
        "a: b",
        "a: b:\n",
        "a: b: c\n",
        "a:\tb\n",
        "a: b\r\nc: d\r\n",
        "a: b\n\tc: d\n",
        "\ufeffa: b\n",
        "word\n",
        "a: x\n b: y\n",
        "? a\n: b\n",
    ],
)
def test_each_form_gives_the_same_events(text: str) -> None:
    assert events(text, quick=True) == events(text, quick=False)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(WORDS), st.sampled_from((*WORDS, ""))), max_size=8)
)
def test_any_lines_give_the_same_events(lines: list[tuple[int, str, str]]) -> None:
    text = "".join(f"{' ' * indent}{key}: {value}\n" for indent, key, value in lines)
    assert events(text, quick=True) == events(text, quick=False)


def test_the_quick_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: object) -> None:
        pytest.fail("a plain line went the long way")

    monkeypatch.setattr(quick_yaml.Scanner, "scan_plain", never)
    assert (
        len(events("macs:\n  beo-01: 52:54:00:00:00:01\n  beo-02: 52:54:00:00:00:02\nx: {}\n", quick=True))
        > 10
    )
