"""All nodes of a head, read from what they reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.node.head import HeadPlaces
from modpkg.pipeline.watch_nodes import NodeStates, boots, changed, node_names, watch
from tests.support.reports import STAGES, UP, boot_id, head_with, lines_of, tell

if TYPE_CHECKING:
    from pathlib import Path

AT = 1_800_000_000.0


def test_each_node_of_the_head_has_a_state_by_its_newest_boot(tmp_path: Path) -> None:
    head_with(tmp_path, 3)
    tell(tmp_path, "n1", boot_id(), "modpkg: 5.00 verify failed a bad byte", at=AT)
    tell(tmp_path, "n1", boot_id(), *lines_of("network"), at=AT + 60)
    tell(tmp_path, "n2", boot_id(), f"modpkg: 30.00 multi-user end {UP}", at=AT)
    tell(tmp_path, "stranger", boot_id(), *lines_of("network"), at=AT)
    states = NodeStates(tmp_path, clock=lambda: AT + 61).now()
    assert [(state.node, state.state) for state in states] == [
        ("n0", "unknown"),
        ("n1", "booting"),
        ("n2", "up"),
    ]


def test_logs_that_have_not_changed_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head_with(tmp_path, 2)
    states, boot = NodeStates(tmp_path, clock=lambda: AT + 1), boot_id()
    tell(tmp_path, "n0", boot_id(), *lines_of("network"), at=AT)
    tell(tmp_path, "n1", boot, *lines_of("network"), at=AT)
    assert [state.stage for state in states.now()] == ["network", "network"]
    read: list[str] = []
    from modpkg.pipeline import watch_nodes  # noqa: PLC0415 - the module is what is changed

    whole = watch_nodes.read_log
    monkeypatch.setattr(watch_nodes, "read_log", lambda path: (read.append(path.parent.name), whole(path))[1])
    tell(tmp_path, "n1", boot, *lines_of("fetch", since=5), at=AT)
    assert [state.stage for state in states.now()] == ["network", "fetch"]
    assert read == ["n1"]


def test_silence_is_seen_without_a_new_event(tmp_path: Path) -> None:
    head_with(tmp_path, 1)
    tell(tmp_path, "n0", boot_id(), *lines_of("network"), at=AT)
    times = iter([AT + 1, AT + 1000])
    states = NodeStates(tmp_path, clock=lambda: next(times))
    assert [states.now()[0].state, states.now()[0].state] == ["booting", "silent"]


def test_a_watch_gives_states_until_it_is_told_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modpkg.pipeline.watch_nodes.POLL_SECONDS", 0.01)
    head_with(tmp_path, 1)
    boot = boot_id()
    found: list[str] = []
    for states in watch(NodeStates(tmp_path, clock=lambda: AT), until=lambda: len(found) > len(STAGES)):
        found.append(states[0].stage)
        tell(tmp_path, "n0", boot, *lines_of(*STAGES)[: 2 * len(found)], at=AT)
    assert found == ["", *STAGES]


def test_only_what_changed_is_told(tmp_path: Path) -> None:
    head_with(tmp_path, 3)
    states = NodeStates(tmp_path, clock=lambda: AT)
    before = states.now()
    tell(tmp_path, "n1", boot_id(), *lines_of("network"), at=AT)
    assert [state.node for state in changed(before, states.now())] == ["n1"]
    assert changed(before, before) == ()


def test_the_last_boots_of_a_node_are_given_the_oldest_first(tmp_path: Path) -> None:
    head_with(tmp_path, 1)
    ids = [boot_id() for _ in range(4)]
    for number, boot in enumerate(ids):
        tell(tmp_path, "n0", boot, *lines_of("network"), at=AT + 100 * number)
    assert [log.boot for log in boots(tmp_path, "n0", 2)] == ids[2:]


def test_without_a_head_it_is_told_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ModpkgError, match="there is no head yet") as raised:
        node_names(tmp_path)
    assert raised.value.hint == "make it: modpkg head"


def test_names_are_those_of_the_hosts_of_the_generation_in_use(tmp_path: Path) -> None:
    places = head_with(tmp_path, 0)
    (HeadPlaces(tmp_path).current / "hosts").write_text(
        "52:54:00:00:00:02,52:54:00:00:01:02,b\n52:54:00:00:00:01,1.2.3.4,a\n"
    )
    assert node_names(places.root) == ["a", "b"]
