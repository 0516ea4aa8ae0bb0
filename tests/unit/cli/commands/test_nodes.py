from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.cli.commands.nodes import head, lint_nodes, nodes, show_node
from modpkg.cli.options import Session
from modpkg.cli.render import to_data
from modpkg.cli.watch import NodesWatch
from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import ignore
from tests.support.nodes import copy_recipes, programs, write_image
from tests.support.reports import boot_id, lines_of, tell
from tests.support.sessions import called

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    copy_recipes(tmp_path)
    write_image(tmp_path / "build/images/compute_12")
    ipxe = programs(tmp_path / "ipxe")
    monkeypatch.setattr("modpkg.pipeline.head.plan_head.__kwdefaults__", {"ipxe": ipxe})
    return Session(project=tmp_path, work=tmp_path / "build", store=tmp_path / "store", sink=ignore)


def test_nodes_are_counted_by_group_and_image(session: Session) -> None:
    assert to_data(called(lint_nodes, session)) == {
        "cluster": "beo",
        "nodes": 3,
        "groups": {"compute": 2, "home": 3},
        "images": {"compute": 3},
    }


def test_a_node_is_shown_with_what_is_said_to_it_and_no_more(session: Session) -> None:
    shown = to_data(called(show_node, session, "beo-02"))
    assert (shown["address"], shown["groups"]) == ("10.0.1.2", ["compute", "home"])
    assert sorted(shown["settings"]) == ["image", "kernel-arguments", "mounts", "resolver"]


def test_an_unknown_node_is_bad_input_with_a_hint(session: Session) -> None:
    with pytest.raises(BadInputError, match="no node 'beo-1'") as raised:
        called(show_node, session, "beo-1")
    assert raised.value.hint.startswith("did you mean 'beo-0")


def test_a_dry_run_tells_and_writes_nothing(session: Session) -> None:
    result = called(head, session, dry_run=True)
    assert (result.is_written, result.nodes, result.changed) == (False, 3, result.files)
    assert not (session.work / "head").exists()


def test_the_head_is_written_once_and_rolled_back(session: Session) -> None:
    first = called(head, session)
    assert (first.is_written, first.reason) == (True, f"{first.files} of {first.files} files change")
    again = called(head, session)
    assert (again.is_written, again.reason, again.generation) == (False, "", first.generation)
    path = session.recipes / "nodes/compute.yaml"
    path.write_text(path.read_text().replace("[quiet]", "[debug]"))
    second = called(head, session)
    result = called(head, session, rollback=True)
    assert (result.former, result.generation, result.is_done) == (second.generation, first.generation, True)


def test_an_image_that_is_not_built_is_bad_input_that_tells_how(session: Session) -> None:
    (session.work / "images/compute_12/image.json").unlink()
    with pytest.raises(BadInputError, match="cannot find an image 'compute'") as raised:
        called(head, session)
    assert raised.value.hint == "build it: invoke build-image compute"


def test_a_rollback_without_a_head_is_told(session: Session) -> None:
    with pytest.raises(ModpkgError, match="there is no earlier state"):
        called(head, session, rollback=True)


def test_nodes_are_those_of_the_head_with_what_they_told(session: Session) -> None:
    called(head, session)
    tell(session.work / "head", "beo-01", boot_id(), *lines_of("network", "fetch"))
    result = called(nodes, session)
    assert [(state.node, state.stage) for state in result.nodes] == [
        ("beo-01", "fetch"),
        ("beo-02", ""),
        ("login-1", ""),
    ]
    assert isinstance(called(nodes, session, watch=True), NodesWatch)


def test_the_boots_of_one_node_are_shown(session: Session) -> None:
    called(head, session)
    for since in (1, 2, 3):
        tell(
            session.work / "head",
            "beo-01",
            boot_id(),
            *lines_of("network", since=since),
            at=1_800_000_000.0 + 100 * since,
        )
    assert len(called(nodes, session, node="beo-01").boots) == 3
    (boot,) = called(nodes, session, node="beo-01", boots=1).boots
    assert [(event.seconds, event.state) for event in boot.events] == [(3.0, "start"), (3.5, "end")]
    assert called(nodes, session, node="beo-02").boots == ()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"node": "beo-1"}, "no node 'beo-1'"),
        ({"node": "../beo-01"}, "no node"),
        ({"node": "beo-01", "watch": True}, "--watch shows all nodes"),
        ({"node": "beo-01", "boots": 0}, "cannot show 0 boots"),
    ],
)
def test_what_cannot_be_shown_is_bad_input(session: Session, options: dict[str, object], words: str) -> None:
    called(head, session)
    with pytest.raises(BadInputError, match=words):
        called(nodes, session, **options)


def test_nodes_without_a_head_are_told_how_to_get_one(session: Session) -> None:
    with pytest.raises(ModpkgError, match="there is no head yet"):
        called(nodes, session)
