"""Control fields, held against python-debian."""

from __future__ import annotations

import sys

import pytest
from debian.deb822 import Deb822
from hypothesis import given
from hypothesis import strategies as st

from modpkg.deb.fields import parse_fields
from modpkg.host.run import run

PLAIN = "Package: abc\nVersion: 1.0-1\nHomepage:\nDescription: short: it\n long\n  list\n .\n longer é\n"
PIECES = (
    *("A", "b-1", ":", ": ", " ", "\t", "\n", "\n ", "\n  x", "\n .", "\nB: x", "\nb: y", "\nC:", "\n\n"),
    *("é", "#", "\n# no", "\x0b", "\x85", "\r\n", "\x00"),
)


def by_debian(text: str) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in Deb822(text).items()]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.rstrip("\n"),
        PLAIN + "\nPackage: other\n",
        PLAIN.replace("long\n", "long  \n"),
        PLAIN.replace("\n long", "\n\tlong"),
        "# a remark\n" + PLAIN,
        "Package: a\npackage: b\n",
        " first\n" + PLAIN,
        "",
    ],
)
def test_they_are_those_of_python_debian(text: str) -> None:
    assert list(parse_fields(text).items()) == by_debian(text)


@given(st.lists(st.sampled_from(PIECES), max_size=10).map("".join))
def test_whatever_stands_there_they_are_those_of_python_debian(rest: str) -> None:
    text = f"Package: abc{rest}\n"
    assert list(parse_fields(text).items()) == by_debian(text)


def test_what_modpkg_writes_is_read_without_loading_python_debian() -> None:
    read = f"from modpkg.deb.fields import parse_fields; parse_fields({PLAIN!r})"
    program = f"import sys; {read}; print('debian' in sys.modules)"
    assert run([sys.executable, "-c", program]).stdout.strip() == "False"
