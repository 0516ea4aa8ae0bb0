"""Relations of packages, against what python-debian reads."""

from __future__ import annotations

import random

import pytest
from debian.deb822 import PkgRelation

from modpkg.errors import ModpkgError
from modpkg.image.relation import Relation, parse_relations

FIELD = (
    "libc6 (>= 2.36), python3:any (<< 3.12) | python3.11 , default-mta|mail-transport-agent,a (=1:2~rc1-3+b1)"
)


def test_a_field_is_groups_of_alternatives() -> None:
    assert parse_relations(FIELD) == (
        (Relation("libc6", operator=">=", version="2.36"),),
        (Relation("python3", qualifier="any", operator="<<", version="3.12"), Relation("python3.11")),
        (Relation("default-mta"), Relation("mail-transport-agent")),
        (Relation("a", operator="=", version="1:2~rc1-3+b1"),),
    )


@pytest.mark.parametrize("text", ["", "  ", "\n", ","])
def test_of_nothing_there_is_no_relation(text: str) -> None:
    assert parse_relations(text) == ()


def test_lines_may_be_folded_and_end_with_a_comma() -> None:
    assert parse_relations("a,\n b (>=\n 1),\n") == (
        (Relation("a"),),
        (Relation("b", operator=">=", version="1"),),
    )


@pytest.mark.parametrize("text", ["a b", "a (1)", "a (>= )", "a (~ 1)", "a |", "(>= 1)", "a [amd64]", "-a"])
def test_what_is_no_relation_is_refused(text: str) -> None:
    with pytest.raises(ModpkgError, match="cannot read the relation"):
        parse_relations(text)


@pytest.mark.parametrize("text", ["a", "a:any", "a (>= 1)", "a:i386 (<< 2:1~3)"])
def test_it_is_written_as_it_was(text: str) -> None:
    assert str(parse_relations(text)[0][0]) == text


def test_python_debian_reads_the_same() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    for _ in range(500):
        text = ", ".join(
            " | ".join(alternative(chance) for _ in range(chance.randint(1, 3)))
            for _ in range(chance.randint(1, 6))
        )
        theirs = [
            [(one["name"], one["archqual"] or "", *(one["version"] or ("", ""))) for one in group]
            for group in PkgRelation.parse_relations(text)
        ]
        assert [[tuple(one) for one in group] for group in parse_relations(text)] == theirs
        assert ", ".join(" | ".join(map(str, group)) for group in parse_relations(text)) == PkgRelation.str(
            PkgRelation.parse_relations(text)
        )


def alternative(chance: random.Random) -> str:
    name = chance.choice(["libc6", "g++", "python3.11", "libx-y2t64", "a1"]) + chance.choice(
        ["", "", ":any", ":i386"]
    )
    operator = chance.choice(["", "<<", "<=", "=", ">=", ">>"])
    return f"{name} ({operator} {chance.choice(['1', '1:2.3-4', '2~rc1+b2'])})" if operator else name
