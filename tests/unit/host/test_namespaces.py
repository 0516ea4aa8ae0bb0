import os
from pathlib import Path

import pytest

from modpkg.host import namespaces


def test_root_needs_no_mapped_ids() -> None:
    if os.geteuid() != 0:
        pytest.skip("for root only")
    assert namespaces.mode() == "root"


def test_a_build_is_apart_and_dies_with_its_parent() -> None:
    words = namespaces.enter("root")
    assert words[:3] == ("setpriv", "--pdeathsig", "KILL")
    assert {"--mount", "--pid", "--net", "--kill-child"} <= set(words)
    assert "--user" not in words


def test_a_user_gets_a_range_of_ids_and_not_one() -> None:
    assert {"--user", "--map-root-user", "--map-auto"} <= set(namespaces.enter("user"))


@pytest.mark.parametrize("word", [*namespaces.APART, *namespaces.MAPPED])
def test_every_word_is_an_option(word: str) -> None:
    assert word.startswith("--")
    assert Path("/usr/bin/unshare").exists()
