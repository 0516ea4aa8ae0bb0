from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from modpkg.formats.documents import examine
from modpkg.host.run import run
from modpkg.model.disks import Disks, size_mib
from modpkg.node.disk_plan import DiskPlan, plan_disks, shell_text
from tests.support.nodes import BASE

if TYPE_CHECKING:
    from pathlib import Path

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8}(:[0-9a-f]{8}){3}")
TEXT = (BASE / "disks/scratch.yaml").read_text()


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return Make(tmp_path)


class Make:
    """Plans of the document of the small cluster, as it is or changed."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "scratch.yaml"

    def __call__(self, *change: str, cluster: str = "beo", node: str = "beo-01") -> DiskPlan:
        text = TEXT.replace(*change) if change else TEXT
        assert not change or text != TEXT
        self.path.write_text(text)
        document = examine(self.path, Disks).document
        assert document is not None
        return plan_disks(document, cluster=cluster, node=node)


def identities(plan: DiskPlan) -> list[str]:
    return UUID.findall(shell_text(plan)) and [match[0] for match in UUID.finditer(shell_text(plan))]


def test_equal_words_have_equal_identities_and_all_of_a_plan_differ(make: Make) -> None:
    first, again = make(), make()
    assert first == again
    types = {part.type for disk in first.disks for part in disk.partitions}
    own = [one for one in identities(first) if one not in types]
    assert len(own) == len(set(own)) == 12


@pytest.mark.parametrize(
    "other", [{"node": "beo-02"}, {"cluster": "other"}], ids=["another node", "another cluster"]
)
def test_no_identity_is_that_of_another_node_or_cluster(make: Make, other: dict[str, str]) -> None:
    types = {part.type for disk in make().disks for part in disk.partitions}
    assert set(identities(make())) & set(identities(make(**other))) <= types


def test_identities_are_fixed_for_ever(make: Make) -> None:
    plan = make()
    assert plan.disks[0].guid == "8d201129-a8a3-546f-a65d-c11fd942db04"
    assert plan.disks[0].partitions[0].uuid == "8c6a9a9a-e51d-5915-b653-a0c613ea7eb7"
    assert plan.arrays[0].uuid == "4bdbae18:e875523f:b72babf3:c9294dea"
    assert plan.filesystems[1].uuid == "a0f4fa09-32ff-54ee-906b-0fc3ef268a1d"


def test_another_layout_keeps_the_disk_and_no_partition(make: Make) -> None:
    before, after = make().disks[0], make("64MiB", "65MiB").disks[0]
    assert before.guid == after.guid
    assert not {part.uuid for part in before.partitions} & {part.uuid for part in after.partitions}


def test_another_level_is_another_array(make: Make) -> None:
    assert make().arrays[0].uuid != make("level: 1", "level: 0").arrays[0].uuid


def test_another_format_is_another_file_system(make: Make) -> None:
    before, after = make().filesystems, make("format: ext4", "format: xfs").filesystems
    assert [one.uuid == two.uuid for one, two in zip(before, after, strict=True)] == [True, True, False]


def test_partitions_have_the_type_of_their_use(make: Make) -> None:
    kinds = {part.device: part.type[:8] for disk in make().disks for part in disk.partitions}
    assert kinds == {
        "a.md0": "a19d880f",
        "a.swap": "0657fd6d",
        "a.rest": "0fc63daf",
        "b.md0": "a19d880f",
    }


def test_the_outer_mount_comes_first(make: Make) -> None:
    plan = make("mount: /scratch", "mount: /var/lib/scratch")
    assert [one.mount for one in plan.filesystems] == ["", "/var", "/var/lib/scratch"]


def test_the_shell_is_calls_in_their_order(make: Make) -> None:
    words = [line.split()[0] for line in shell_text(make()).splitlines() if not line.startswith("#")]
    assert words == [
        "foreign_policy",
        *("want_disk", "want_partition", "want_partition", "want_partition"),
        *("want_disk", "want_partition"),
        "take_disks",
        "want_array",
        *("want_filesystem", "want_filesystem", "want_filesystem"),
        "finish_disks",
    ]


@pytest.mark.programs
def test_no_word_of_a_document_is_syntax_of_the_shell(make: Make) -> None:
    options = "a'b;$(reboot)`reboot`"
    text = shell_text(make("options: noatime", f'options: "{options}"'))
    names = sorted({line.split()[0] for line in text.splitlines() if line and not line.startswith("#")})
    echo = "".join(f'{name}() {{ printf "%s|" {name} "$@"; echo; }}\n' for name in names)
    lines = run(["busybox", "sh", "-eu", "-c", echo + text]).stdout.splitlines()
    assert f"|xfs|{make().filesystems[1].uuid}|/scratch|{options}|" in "".join(lines)
    assert "want_disk|a|" in lines[1]
    assert "|DISKA*|*|1024|0|-|" in lines[1]
    assert "|DISKB|*|0|0|0|" in "".join(lines)


@pytest.mark.parametrize(("text", "mib"), [("1MiB", 1), ("3GiB", 3072), ("2TiB", 2097152), ("rest", 0)])
def test_sizes_are_mib(text: str, mib: int) -> None:
    assert size_mib(text) == mib
