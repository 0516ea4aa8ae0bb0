"""docs/reference/documents.md is true: its examples load, and it has a line for each key and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from modpkg.formats.documents import validate
from modpkg.formats.schema import KINDS, schema_of
from modpkg.formats.yaml import parse

PAGE = Path(__file__).parents[3] / "docs/reference/documents.md"


def section(kind: str) -> str:
    return PAGE.read_text().partition(f"\n## {kind.capitalize()}\n")[2].partition("\n## ")[0]


def keys_of(schema: Any, definitions: Any, *, way: str = "") -> set[str]:
    """Give the ways to all keys with a value of their own, lists as `[]`."""
    if "$ref" in schema:
        return keys_of(definitions[schema["$ref"].rpartition("/")[2]], definitions, way=way)
    if "properties" not in schema:
        items = schema.get("items", {})
        return {way} | (keys_of(items, definitions, way=f"{way}[]") if "$ref" in items else set())
    dot = f"{way}." if way else ""
    return set().union(
        *(keys_of(below, definitions, way=f"{dot}{key}") for key, below in schema["properties"].items())
    )


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_example_loads(kind: str) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", section(kind), flags=re.DOTALL)
    loaded = validate(Path(kind), parse(example, file=kind), KINDS[kind])
    assert loaded.problems == ()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_key_has_a_line_and_every_line_a_key(kind: str) -> None:
    schema = schema_of(kind)
    written = re.findall(r"^\| `([^`]+)` \|", section(kind), flags=re.MULTILINE)
    assert len(written) == len(set(written))
    assert set(written) == keys_of(schema, schema.get("$defs", {}))
