import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modpkg.model.hostlist import MOST_HOSTS, expand


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("beo-01", ["beo-01"]),
        ("beo-[01-03]", ["beo-01", "beo-02", "beo-03"]),
        ("beo-[08-11]", ["beo-08", "beo-09", "beo-10", "beo-11"]),
        ("beo-[8-11]", ["beo-8", "beo-9", "beo-10", "beo-11"]),
        ("beo-[1,4-5]", ["beo-1", "beo-4", "beo-5"]),
        ("r[1-2]n[1-2]", ["r1n1", "r1n2", "r2n1", "r2n2"]),
        ("a,b-[1-2]x,c", ["a", "b-1x", "b-2x", "c"]),
    ],
)
def test_a_hostlist_names_its_hosts_in_order(text: str, names: list[str]) -> None:
    assert list(expand(text)) == names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a hostlist"),
        ("a,,b", "is not a hostlist"),
        ("a,", "is not a hostlist"),
        ("a-[1-2", "is not a hostlist"),
        ("a-1-2]", "is not a hostlist"),
        ("a-[[1]]", "is not a hostlist"),
        ("a-[]", "holds ''"),
        ("a-[1-]", "holds '1-'"),
        ("a-[x]", "holds 'x'"),
        ("a-[3-1]", "ends before it begins"),
        ("a b", "names 'a b'"),
        ("A", "names 'A'"),
        ("-[1-2]", "names '-1'"),
        ("a,a", "names 'a' twice"),
        ("a[1-2],a2", "names 'a2' twice"),
        ("a[0-999999999]", "more than 65536"),
        ("a[0-999][0-999]", "more than 65536"),
        ("a[0-40000],b[0-40000]", "more than 65536"),
    ],
)
def test_what_is_no_hostlist_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        expand(text)


def test_the_largest_hostlist_is_taken() -> None:
    assert len(expand(f"a[1-{MOST_HOSTS}]")) == MOST_HOSTS


@given(st.integers(0, 500), st.integers(0, 50), st.integers(1, 6))
def test_a_span_has_all_its_numbers_as_wide_as_written(first: int, more: int, width: int) -> None:
    text = f"n[{first:0{width}}-{first + more}]"
    assert list(expand(text)) == [f"n{number:0{width}}" for number in range(first, first + more + 1)]


@given(st.text(alphabet="ab1-2[],", max_size=12))
def test_any_text_is_a_hostlist_or_refused_by_value_error(text: str) -> None:
    with suppress(ValueError):
        names = expand(text)
        assert len(set(names)) == len(names) > 0
