"""Whatever stands in a document, the node's shell takes it as a word and never as a command."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modpkg.host.run import run
from modpkg.model.inventory import Node
from modpkg.model.node import HeadImage
from modpkg.model.settings import Settings
from modpkg.node.settings_plan import Planner, quoted
from tests.support.nodes import image_about, small_cluster

pytestmark = pytest.mark.programs

# Signs of the shell come often; NUL can be in no document and no word.
HOSTILE = st.text(
    st.one_of(
        st.sampled_from("'\"`$\\;|&<>(){}*?!#~ \n\t-%="),
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
    ),
    max_size=60,
)
WORD = st.text(
    st.one_of(
        st.sampled_from("'\"`$;|&<>(){}*?!#~-=%"),
        st.characters(exclude_characters="\\", exclude_categories=["C", "Z"]),
    ),
    min_size=1,
    max_size=30,
)
LINE = st.builds(lambda word, more: f"{word} {more}", WORD, WORD)
IMAGE = HeadImage(directory="x", about=image_about())
# In the place of the real functions: write each word that they are given, each to its end by a NUL.
FUNCTIONS = "".join(
    f"{name}() {{ printf '%s\\0' {name} \"$@\"; }}\n"
    for name in (
        "put",
        "put_for",
        "put_link",
        "put_fetched",
        "add_lines",
        "want",
        "zone",
        "disk_keys",
        "resolver_of_lease",
    )
)


def words_of(script: str) -> list[str]:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "plan"
        path.write_bytes(f"{FUNCTIONS}{script}".encode())
        out = Path(place) / "out"
        run(["busybox", "sh", "-eu", "-c", '. "$1" >"$2"', "sh", path, out], cwd=Path(place))
        # No word was a command or a redirection.
        assert {entry.name for entry in Path(place).iterdir()} == {"plan", "out"}
        return out.read_bytes().decode().split("\0")[:-1]


@settings(max_examples=60, deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=8))
def test_quoted_texts_arrive_as_they_are(texts: list[str]) -> None:
    assert words_of(f"put {' '.join(map(quoted, texts))}\n") == ["put", *texts]


@settings(max_examples=40, deadline=None)
@given(WORD, WORD, LINE, st.lists(WORD, max_size=3))
def test_a_plan_with_hostile_values_puts_them_into_files(
    source: str, options: str, key: str, servers: list[str]
) -> None:
    said = Settings(
        mounts={"/home": {"source": source, "options": options}},
        ssh_keys=(key,),
        time={"servers": tuple(servers)},
    )
    node = Node(name="n1", macs=(), groups=(), address=None, settings=said)
    words = words_of(
        Planner(cluster=small_cluster().cluster, hosts_sha256="6" * 64).plan(node, IMAGE, record="{}").text
    )
    unit = words[words.index("/etc/systemd/system/home.mount") + 2]
    assert f"What={source.replace('%', '%%')}\n" in unit
    assert f"Options={options.replace('%', '%%')}\n" in unit
    assert words[words.index("/root/.ssh/authorized_keys") + 2] == f"{key}\n"
    if servers:
        assert f"server {servers[0]} iburst\n" in words[words.index("/etc/chrony/chrony.conf") + 1]
