import pytest

from modpkg.cli.ways import parse_ways
from modpkg.errors import BadInputError
from modpkg.image.job import Ways


def test_ways_are_read_by_their_words() -> None:
    assert parse_ways("recompress", "full") == Ways(merge="recompress", verify="full")
    assert parse_ways("splice", "list") == Ways()


@pytest.mark.parametrize(
    ("merge", "verify", "what", "hint"),
    [
        ("splcie", "list", "no way 'splcie' of --merge", "did you mean 'splice'?"),
        ("splice", "everything", "no way 'everything' of --verify", "known: full, list"),
    ],
)
def test_an_unknown_way_is_refused_with_what_there_is(merge: str, verify: str, what: str, hint: str) -> None:
    with pytest.raises(BadInputError, match=what) as raised:
        parse_ways(merge, verify)
    assert raised.value.hint == hint
