from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from modpkg.cli.commands.disks import disk_plan, disk_wipe, import_disks
from modpkg.cli.commands.nodes import head
from modpkg.cli.options import Session
from modpkg.cli.render import to_data
from modpkg.errors import BadInputError, DocumentError
from modpkg.events import ignore
from modpkg.node.grants import Grants
from tests.support.nodes import copy_recipes, programs, write_image
from tests.support.sessions import called

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    copy_recipes(tmp_path)
    write_image(tmp_path / "build/images/compute_12")
    ipxe = programs(tmp_path / "ipxe")
    monkeypatch.setattr("modpkg.pipeline.head.plan_head.__kwdefaults__", {"ipxe": ipxe})
    (tmp_path / "recipes/nodes/own.yaml").write_text("nodes: {beo-01: {disks: scratch}}\n")
    return Session(project=tmp_path, work=tmp_path / "build", store=tmp_path / "store", sink=ignore)


def script_of(session: Session) -> str:
    return (session.work / "head/current/disks/beo-01.sh").read_text()


def test_the_plan_of_a_node_s_disks_is_shown_and_so_is_its_shell(session: Session) -> None:
    shown = to_data(called(disk_plan, session, "beo-01"))
    assert (shown["node"], shown["config"], shown["foreign"]) == ("beo-01", "scratch", "stop")
    assert shown["disks"][0]["partitions"] == {"a.md0": "300 MiB", "a.swap": "64 MiB", "a.rest": "rest"}
    assert [one["mount"] for one in shown["filesystems"]] == ["", "/scratch", "/var"]
    text = called(disk_plan, session, "beo-01", script=True)
    assert f"want_disk a {shown['disks'][0]['guid']} " in text
    called(head, session)
    assert (session.work / "head/current/disks/beo-01.sh").read_text() == text
    script = (session.work / "head/current/boot/52:54:00:00:00:01.ipxe").read_text()
    assert f"modpkg.disks-sha256={hashlib.sha256(text.encode()).hexdigest()} " in script


def test_pools_are_shown_with_their_members_and_datasets(session: Session) -> None:
    document = session.recipes / "disks/scratch.yaml"
    pool = (
        "zpools: {tank: {vdevs: [{type: mirror, members: [a.rest, b.rest]}], properties: {autotrim: 'on'}, "
    )
    pool += "datasets: [{name: work, mount: /scratch, properties: {quota: 1G}}]}}\nfilesystems:"
    lines = [line for line in document.read_text().splitlines() if "xfs" not in line]
    text = "\n".join(lines).replace("300MiB}]\nraid", "300MiB}, {name: rest, size: rest}]\nraid")
    document.write_text(text.replace("filesystems:", pool))
    shown = to_data(called(disk_plan, session, "beo-01"))
    (pool_shown,) = shown["pools"]
    assert len(pool_shown.pop("uuid")) == 32
    assert pool_shown == {
        "pool": "tank",
        "vdevs": ["mirror a.rest b.rest"],
        "properties": "autotrim=on",
        "datasets": {"work": "quota=1G"},
    }
    assert {"device": "tank.work", "format": "zfs", "mount": "/scratch", "options": "", "uuid": ""} in shown[
        "filesystems"
    ]


def test_a_node_without_disks_has_no_plan(session: Session) -> None:
    with pytest.raises(BadInputError, match="has no disk configuration"):
        called(disk_plan, session, "beo-02")


def test_a_node_that_touches_no_disk_has_an_empty_plan_and_no_script(session: Session) -> None:
    (session.recipes / "disks/none.yaml").write_text("name: none\ndiskless: true\n")
    (session.recipes / "nodes/own.yaml").write_text("nodes: {beo-01: {disks: none}}\n")
    shown = to_data(called(disk_plan, session, "beo-01"))
    assert (shown["diskless"], shown["disks"]) == (True, [])
    called(head, session)
    assert not (session.work / "head/current/disks/beo-01.sh").exists()
    assert "modpkg.disks" not in (session.work / "head/current/boot/52:54:00:00:00:01.ipxe").read_text()
    with pytest.raises(BadInputError, match="uses no disks"):
        called(disk_wipe, session, "beo-01", once=True)


def test_a_grant_is_in_the_node_s_script_until_it_is_used(session: Session) -> None:
    called(head, session)
    before = script_of(session)
    result = called(disk_wipe, session, "beo-01", once=True, disk="b")
    assert (result.disks, result.state) == (("b",), "given to its next boot")
    (grant,) = Grants(session.work / "head/grants").open().values()
    line = f"grant_wipe http://10.0.0.1/grant/{grant.token} b"
    assert line in script_of(session).splitlines()
    digest = hashlib.sha256(script_of(session).encode()).hexdigest()
    assert digest in (session.work / "head/current/boot/52:54:00:00:00:01.ipxe").read_text()
    assert Grants(session.work / "head/grants").take(grant.token)
    # A grant that was used is in no way of the next, and is gone with the next head.
    called(disk_wipe, session, "beo-01", once=True)
    assert grant.token not in script_of(session)
    called(disk_wipe, session, "beo-01", cancel=True)
    assert script_of(session) == before


def test_a_second_grant_takes_the_place_of_the_first(session: Session) -> None:
    called(head, session)
    called(disk_wipe, session, "beo-01", once=True)
    (first,) = Grants(session.work / "head/grants").open().values()
    called(disk_wipe, session, "beo-01", once=True)
    assert not Grants(session.work / "head/grants").take(first.token)
    assert first.token not in script_of(session)


def test_a_grant_can_be_taken_back(session: Session) -> None:
    called(head, session)
    before = script_of(session)
    called(disk_wipe, session, "beo-01", once=True)
    assert called(disk_wipe, session, "beo-01", cancel=True).state == "taken back"
    assert script_of(session) == before
    with pytest.raises(BadInputError, match="has no grant"):
        called(disk_wipe, session, "beo-01", cancel=True)


def test_nothing_is_granted_while_the_head_has_other_changes_to_come(session: Session) -> None:
    called(head, session)
    path = session.recipes / "nodes/compute.yaml"
    path.write_text(path.read_text().replace("[quiet]", "[debug]"))
    with pytest.raises(BadInputError, match="change in other ways"):
        called(disk_wipe, session, "beo-01", once=True)
    assert Grants(session.work / "head/grants").open() == {}


def test_a_dry_run_grants_nothing(session: Session) -> None:
    called(head, session)
    assert called(disk_wipe, session, "beo-01", once=True, dry_run=True).disks == ("a", "b")
    assert Grants(session.work / "head/grants").open() == {}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "more than one boot"),
        ({"once": True, "cancel": True}, "more than one"),
        ({"once": True, "disk": "x"}, "no disk 'x'"),
    ],
)
def test_what_cannot_be_granted_is_bad_input(
    session: Session, options: dict[str, object], words: str
) -> None:
    with pytest.raises(BadInputError, match=words):
        called(disk_wipe, session, "beo-01", **options)


def test_a_file_of_fai_becomes_a_document(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "SCRATCH"
    path.write_text("disk_config sda disklabel:gpt\nprimary /scratch 10G- xfs noatime\n")
    assert "mount: /scratch" in called(import_disks, session, str(path))
    path.write_text("disk_config sda\nprimery /scratch 10G- xfs noatime\n")
    with pytest.raises(DocumentError, match="1 problem"):
        called(import_disks, session, str(path))
