from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from modpkg.formats.documents import examine
from modpkg.host.run import run
from modpkg.model.disks import Disks, size_mib
from modpkg.model.grant import Grant
from modpkg.node.disk_plan import LVM_GROUPS, DiskPlan, plan_disks
from modpkg.node.disk_script import shell_text
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

    def __call__(
        self, *change: str, cluster: str = "beo", node: str = "beo-01", text: str = TEXT
    ) -> DiskPlan:
        before = text
        text = text.replace(change[0], change[1]) if change else text
        assert not change or text != before
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


GROUP = "volume-groups: {data: {members: [a.rest], volumes: [{name: s, size: 1GiB}]}}\nfilesystems:"
GROUP_TEXT = TEXT.replace("filesystems:", GROUP).replace("a.rest, format", "data.s, format")


def with_group(make: Make, *change: str) -> DiskPlan:
    return make(*change, text=GROUP_TEXT)


def test_physical_volumes_groups_and_volumes_have_identities_too(make: Make) -> None:
    (group,) = with_group(make).groups
    ((member, uuid),) = group.members
    assert member == "a.rest"
    assert tuple(map(len, uuid.split("-"))) == LVM_GROUPS
    assert group == with_group(make).groups[0]
    assert group.tag.startswith("modpkg-")
    assert with_group(make).disks[0].partitions[2].type.startswith("e6d6d379")


def test_another_size_is_another_volume_of_the_same_group(make: Make) -> None:
    (before,), (after,) = with_group(make).groups, with_group(make, "1GiB", "2GiB").groups
    assert (before.tag, before.members) == (after.tag, after.members)
    assert before.volumes[0].tag != after.volumes[0].tag


def test_other_members_are_another_group(make: Make) -> None:
    text = GROUP_TEXT.replace("300MiB}]\nraid", "300MiB}, {name: more, size: rest}]\nraid")
    (before,) = with_group(make).groups
    (after,) = make("members: [a.rest]", "members: [a.rest, b.more]", text=text).groups
    assert before.tag != after.tag


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


def test_the_shell_asks_for_a_grant_before_it_looks_at_disks(make: Make) -> None:
    grant = Grant(node="beo-01", token="0" * 32, disks=("a", "b"))
    lines = shell_text(make(), grant=grant, url="http://head").splitlines()
    assert lines[4] == f"grant_wipe http://head/grant/{'0' * 32} a b"
    assert lines[5].startswith("want_disk a ")


def test_volumes_follow_their_group_and_come_before_file_systems(make: Make) -> None:
    lines = shell_text(with_group(make)).splitlines()
    names = [line.split()[0] for line in lines]
    start = names.index("want_group")
    assert names[start - 1 : start + 3] == ["want_array", "want_group", "want_volume", "want_filesystem"]
    assert lines[start].split()[3].startswith("a.rest=")
    assert lines[start + 1].split()[1:3] + lines[start + 1].split()[4:] == ["data", "s", "1024"]


@pytest.mark.parametrize(
    ("level", "module"), [(0, "raid0"), (1, "raid1"), (5, "raid456"), (6, "raid456"), (10, "raid10")]
)
def test_modules_of_the_kernel_are_named_once(make: Make, level: int, module: str) -> None:
    more = TEXT.replace("level: 1", f"level: {level}")
    for name in "cdef":
        disk = f"  {name}: {{match: {{serial: {name}}}, partitions: [{{name: md0, size: 1GiB}}]}}\n"
        more = more.replace("raid:\n", f"{disk}raid:\n", 1)
    more = more.replace("[a.md0, b.md0]", "[a.md0, b.md0, c.md0, d.md0]")
    assert f"kernel_modules {module} ext4 xfs" in shell_text(make(text=more)).splitlines()


def test_the_shell_is_calls_in_their_order(make: Make) -> None:
    words = [line.split()[0] for line in shell_text(make()).splitlines() if not line.startswith("#")]
    assert words == [
        *("foreign_policy", "kernel_modules"),
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
    assert "want_disk|a|" in lines[2]
    assert "|DISKA*|*|1024|0|-|" in lines[2]
    assert "|DISKB|*|0|0|0|" in "".join(lines)


@pytest.mark.parametrize(("text", "mib"), [("1MiB", 1), ("3GiB", 3072), ("2TiB", 2097152), ("rest", 0)])
def test_sizes_are_mib(text: str, mib: int) -> None:
    assert size_mib(text) == mib


POOL = """zpools:
  tank:
    vdevs: [{type: mirror, members: [a.one, b.one]}, {type: mirror, members: [a.two, b.two]}]
    properties: {autotrim: "on", ashift: "12"}
    datasets:
      - {name: work, mount: /var/work, properties: {quota: 1G, compression: zstd}}
      - {name: home, mount: /home}
filesystems:"""
POOL_TEXT = (
    TEXT.replace("filesystems:", POOL)
    .replace("{name: rest,", "{name: one, size: 1GiB}, {name: two, size: 1GiB}, {name: rest,")
    .replace("300MiB}]\nraid", "300MiB}, {name: one, size: 1GiB}, {name: two, size: 1GiB}]\nraid")
    .replace("min-size: 1GiB", "min-size: 3GiB")
)


def with_pool(make: Make, *change: str, **other: str) -> DiskPlan:
    return make(*change, text=POOL_TEXT, **other)


def test_a_pool_has_an_identity_that_fits_its_comment(make: Make) -> None:
    (pool,) = with_pool(make).pools
    assert re.fullmatch("[0-9a-f]{32}", pool.uuid)
    assert pool.uuid == with_pool(make).pools[0].uuid
    assert pool.uuid != with_pool(make, node="beo-02").pools[0].uuid
    assert pool.uuid == "587d063509f55f3d8a983e48ecf2beca"


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("compression: zstd", "compression: lz4", True),
        ('ashift: "12"', 'ashift: "9"', True),
        ("{name: home, mount: /home}", "{name: users, mount: /home}", True),
        ("{type: mirror, members: [a.two, b.two]}", "{type: mirror, members: [b.two, a.two]}", False),
        (", {type: mirror, members: [a.two, b.two]}", "", False),
        ("tank:", "bowl:", False),
    ],
)
def test_another_layout_is_another_pool_and_other_properties_are_not(
    make: Make, before: str, after: str, *, is_same: bool
) -> None:
    assert (with_pool(make).pools[0].uuid == with_pool(make, before, after).pools[0].uuid) is is_same


def test_members_of_a_pool_are_named_with_their_partitions(make: Make) -> None:
    plan = with_pool(make)
    uuids = {part.device: part.uuid for disk in plan.disks for part in disk.partitions}
    assert plan.pools[0].vdevs == (
        ("mirror", (("a.one", uuids["a.one"]), ("b.one", uuids["b.one"]))),
        ("mirror", (("a.two", uuids["a.two"]), ("b.two", uuids["b.two"]))),
    )
    types = {part.device: part.type for disk in plan.disks for part in disk.partitions}
    assert types["a.one"] == "6a898cc3-1dd2-11b2-99a6-080020736631"


def test_datasets_are_mounted_among_the_file_systems_the_outer_first(make: Make) -> None:
    mounts = [(one.device, one.format, one.mount) for one in with_pool(make).filesystems if one.mount]
    assert mounts == [
        ("tank.home", "zfs", "/home"),
        ("a.rest", "xfs", "/scratch"),
        ("var", "ext4", "/var"),
        ("tank.work", "zfs", "/var/work"),
    ]


def test_the_shell_makes_pools_before_it_mounts_anything(make: Make) -> None:
    lines = shell_text(with_pool(make)).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("want_pool "))
    name, uuid, *_ = lines[start].split()[1:]
    assert (name, uuid) == ("tank", with_pool(make).pools[0].uuid)
    assert re.search(r" 'ashift=12 autotrim=on' mirror a\.one=\S+ b\.one=\S+ mirror a\.two=", lines[start])
    assert lines[start + 1 : start + 3] == [
        "want_dataset tank work 'compression=zstd quota=1G'",
        "want_dataset tank home ''",
    ]
    assert lines[-4:] == [
        next(line for line in lines if line.endswith("'/scratch' 'noatime'")),
        next(line for line in lines if line.endswith("'/var' ''")),
        "want_mount tank.work '/var/work'",
        "finish_disks",
    ]
    # `want_pool` loads the driver by itself, and says so if there is none.
    assert "kernel_modules raid1 ext4 xfs" in lines
