import pytest

from modpkg.image.relations import relation_findings
from modpkg.model.module import State
from tests.support.stack import make_module, stanza


def findings(*stanzas: str) -> list[tuple[str, str]]:
    core = make_module("core", state=State(stanzas=stanzas[:1]))
    other = make_module("ib", state=State(stanzas=stanzas[1:]))
    return [(finding.about, finding.what) for finding in relation_findings([core, other])]


@pytest.mark.parametrize(
    "relation",
    [
        "base",
        "base (= 2.0-1)",
        "base (>= 1.9)",
        "base (<< 2.0-2)",
        "none | base",
        "base:any",
        "virtual",
        "virtual (= 5)",
        "plain-virtual, base",
    ],
)
@pytest.mark.parametrize("field", ["depends", "pre_depends"])
def test_met_needs_are_no_findings(field: str, relation: str) -> None:
    base = stanza("base", "2.0-1", provides="virtual (= 5), plain-virtual")
    assert findings(base, stanza("user", **{field: relation})) == []


@pytest.mark.parametrize(
    "relation",
    [
        "none",
        "base (>> 2.0-1)",
        "base (= 2.0)",
        "base (>= 1:0)",
        "virtual (>= 6)",
        "plain-virtual (>= 1)",
        "none | base (<< 1)",
    ],
)
def test_unmet_needs_are_findings(relation: str) -> None:
    base = stanza("base", "2.0-1", provides="virtual (= 5), plain-virtual")
    assert findings(base, stanza("user", depends=relation)) == [("package user", f"needs {relation}")]


def test_a_finding_says_what_is_there_instead() -> None:
    core = make_module("core", state=State(stanzas=(stanza("base", "2.0-1"),)))
    other = make_module("ib", state=State(stanzas=(stanza("user", depends="base (>= 3)"),)))
    (finding,) = relation_findings([core, other])
    assert [(side.module, side.has) for side in finding.sides] == [
        ("ib", "user 1.0-1 (amd64)"),
        ("the image", "base 2.0-1"),
    ]


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"conflicts": "base"}, "conflicts with base"),
        ({"conflicts": "base (<< 3)"}, "conflicts with base (<< 3)"),
        ({"breaks": "base (<= 2.0-1)"}, "breaks base (<= 2.0-1)"),
        ({"conflicts": "virtual"}, "conflicts with virtual"),
    ],
)
def test_refused_packages_are_findings(fields: dict[str, str], what: str) -> None:
    base = stanza("base", "2.0-1", provides="virtual")
    assert findings(base, stanza("user", **fields)) == [("package user", what)]


@pytest.mark.parametrize(
    "fields",
    [
        {"conflicts": "base (<< 2)"},
        {"breaks": "base (>> 2.0-1), none"},
        {"conflicts": "virtual (<< 9)"},
        {"conflicts": "role", "provides": "role"},
        {"conflicts": "user"},
        {"breaks": ""},
    ],
)
def test_what_is_not_there_is_not_refused(fields: dict[str, str]) -> None:
    assert findings(stanza("base", "2.0-1", provides="virtual"), stanza("user", **fields)) == []
