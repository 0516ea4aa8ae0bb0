"""What the words of a disk plan decide, run by the busybox that runs them in a node; devices are stood in for."""

from __future__ import annotations

from pathlib import Path

import pytest

import modpkg.initramfs
from modpkg.host.run import run

pytestmark = pytest.mark.programs
SOURCE = Path(modpkg.initramfs.__file__).parent
NAMES = ("library.sh", "image_tools.sh", "contents.sh", "disks.sh", "volumes.sh", "lvm.sh", "zfs.sh")
# Three disks of one kind: sda is blank, sdb and sdc are not.
DISKS = """
physical_disks() { echo $have; }
serial_of() { echo "S-$1"; }
read_table() { _table=none; }
content_of() { case $1 in /dev/sda*) ;; *) echo "LABEL=$1 " ;; esac; }
fits() { case $2 in $(cut -d ' ' -f 1 "$disk_state/disk/$1/match")) ;; *) return 1 ;; esac; }
clear_ends() { echo "cleared $1"; }
say() { shift; echo "$*"; }
"""


@pytest.fixture
def words(tmp_path: Path) -> Words:
    return Words(tmp_path)


class Words:
    """The files of the words as one text, in a place of their own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        lines = [line for name in NAMES for line in (SOURCE / name).read_text().splitlines()]
        text = "\n".join(line for line in lines if not line.startswith(". /lib/modpkg/"))
        # What programs say goes to files, which other tests have too.
        text = text.replace("/tmp/", f"{place}/")  # noqa: S108 - it is taken out
        self.text = text.replace("disk_state=/run/modpkg/disks", f"disk_state={place}/state")
        for name in ("below", "device", "disk", "table", "taken"):
            (place / "state" / name).mkdir(parents=True)
        (place / "state/policy").write_text("go-on\n")

    def own(self, name: str) -> str:
        """Give a function as the files have it, where the tests stand in for it."""
        return (
            f"{name}() {{{self.text.partition(f'{name}() {{')[2].partition(f'{chr(10)}}}{chr(10)}')[0]}\n}}\n"
        )

    def __call__(self, text: str) -> list[str]:
        words = ["busybox", "sh", "-u", "-c", f"{self.text}\n{DISKS}\n{text}"]
        return run(words, env={"MODPKG_ARGUMENTS": ""}).stdout.splitlines()


def wanted(*names: str, match: str = "sd?") -> str:
    return "".join(f"want_disk {name} guid-{name} new-{name} '{match}' '*' 0 0 -\n" for name in names)


@pytest.mark.parametrize(
    ("granted", "names", "may"),
    [
        ("a c", "a", True),
        ("a c", "a.md0 c", True),
        ("a c", "b", False),
        ("a c", "var", False),
        ("a b", "var", True),
        ("a b", "data", False),
        ("a b c", "data.scratch", True),
        ("ab", "a", False),
        ("", "a", False),
    ],
)
def test_a_grant_is_for_all_disks_that_lie_below(
    words: Words, granted: str, names: str, *, may: bool
) -> None:
    text = (
        f"lies_on var a.md0 b.md0; lies_on data var c.pv; granted=' {granted} '; may_wipe {names} && echo yes"
    )
    assert words(f"{text} || true") == (["yes"] if may else [])


def test_a_blank_disk_is_taken_and_foreign_ones_are_named(words: Words) -> None:
    found = words(
        f"have='sdb sda'\n{wanted('a', 'b')}\ntake_new a; take_new b; cat $disk_state/disk/a/device"
    )
    assert found == ["refused the disk b is foreign: /dev/sdb (serial S-sdb) holds LABEL=/dev/sdb ", "sda"]


def test_a_disk_that_does_not_match_is_not_spoken_of(words: Words) -> None:
    assert words(f"have=nvme0n1\n{wanted('a')}\ntake_new a") == ["note the disk a is missing"]


def test_with_a_grant_a_foreign_disk_is_taken_and_not_yet_written_to(words: Words) -> None:
    text = f"have=sdb\ngranted=' a '\n{wanted('a')}\ntake_new a; cat $disk_state/disk/a/device $disk_state/disk/a/wipe"
    assert words(text) == ["sdb", "LABEL=/dev/sdb "]


def test_a_grant_that_does_not_say_which_of_two_disks_wipes_none(words: Words) -> None:
    (line,) = words(f"have='sdb sdc'\ngranted=' a '\n{wanted('a')}\ntake_new a")
    assert line.startswith(
        "refused the disk a can be any of these, and the grant to wipe does not say which: /dev/sdb"
    )


def test_a_grant_for_as_many_disks_as_match_takes_them_all(words: Words) -> None:
    text = f"have='sdb sdc'\ngranted=' a b '\n{wanted('a', 'b')}\ntake_new a; take_new b"
    assert words(f"{text}; cat $disk_state/disk/?/device") == ["sdb", "sdc"]


def test_a_member_that_holds_something_else_is_wiped_with_a_grant_alone(words: Words) -> None:
    text = "echo /dev/sdb1 >$disk_state/device/a.p; _what='the array x'; carries() { false; }\n"
    end = 'sort_members a.p b.p; echo "$? blank:$_blank missing:$_missing"'
    refused = words(f"{text}{end}")
    assert refused[0] == "refused /dev/sdb1, of the array x, holds LABEL=/dev/sdb1 "
    assert refused[1].startswith("1 ")
    wiped = words(f"granted=' a '\n{text}{end}")
    assert wiped[0] == "cleared /dev/sdb1"
    assert wiped[-1] == "0 blank: /dev/sdb1 missing: b.p"


@pytest.mark.parametrize(("have", "is_enough"), [("sda sdb", True), ("sda", False), ("sda nvme0n1", False)])
def test_disks_are_waited_for_until_each_name_can_have_one(
    words: Words, have: str, *, is_enough: bool
) -> None:
    text = f"have='{have}'\n{wanted('a', 'b')}\nall_disks && echo enough || echo few"
    assert words(text) == ["enough" if is_enough else "few"]


def test_nothing_is_granted_by_a_head_that_does_not_answer(words: Words) -> None:
    found = words('grant_wipe http://127.0.0.1:9/grant/x a; echo "granted:$granted"')
    assert found[0].startswith("note the grant to wipe is not given to this boot: ")
    assert found[-1] == "granted:"


def test_a_policy_of_stop_ends_the_stage_before_anything_is_written(words: Words) -> None:
    text = f"have=sdb\n{wanted('a')}\necho stop >$disk_state/policy; reason_file=/dev/stdout\n(take_disks)\necho $?"
    found = words(f"usleep() {{ :; }}\nload_disk_drivers() {{ :; }}\n{text}")
    assert found[-1] == "1"
    assert "cleared" not in " ".join(found)


def blank(words: Words, content: bytes | None) -> bool:
    device = words.place / "device"
    if content is not None:
        device.write_bytes(content)
    return words(f"is_blank {device} && echo yes || true") == ["yes"]


MIB = 1 << 20


@pytest.mark.parametrize(
    ("content", "is_blank"),
    [
        (bytes(5 * MIB), True),
        (bytes(4 * MIB) + b"x", True),
        (bytes(4 * MIB), True),
        (bytes(MIB + 512), True),
        (bytes(512), True),
        (bytes(4 * MIB - 1) + b"x", False),
        (b"\n" + bytes(4 * MIB), False),
        (bytes(1000) + b"\n", False),
        (bytes(3 * MIB) + b"\xff", False),
        (b"", False),
        (None, False),
    ],
)
def test_a_device_is_blank_if_it_begins_with_zeros_alone(
    words: Words, content: bytes | None, *, is_blank: bool
) -> None:
    assert blank(words, content) is is_blank


def test_a_device_that_cannot_be_read_is_not_blank(words: Words) -> None:
    # A directory is opened, and gives an error when it is read.
    (words.place / "device").mkdir()
    assert not blank(words, None)


@pytest.mark.parametrize(
    ("end", "asked"), [(b"\x55\xaa", ["sfdisk --dump"]), (b"\xaa\x55", []), (b"\0\0", [])]
)
def test_only_a_disk_that_can_have_a_table_is_asked_for_one_and_once(
    words: Words, end: bytes, asked: list[str]
) -> None:
    (words.place / "disk.img").write_bytes(bytes(510) + end + bytes(512))
    text = words.own("read_table").replace("/dev/$1", f"{words.place}/disk.img")
    said = words(
        'tool() { echo "$1 $2" >>$disk_state/asked; echo "label-id: AB-CD"; }\n'
        f"{text}\ntable_id sda; table_id sda; cat $disk_state/asked 2>/dev/null || true"
    )
    assert said == [*(["ab-cd"] * 2 if asked else []), *asked]


ZFS = """
load_zfs() { :; }
link_members() { :; }
is_among() { case " $2 " in *" ${1:-,} "*) return 0 ;; esac; return 1; }
label_of() { cat "$disk_state/label/${1##*/}/$2" 2>/dev/null || true; }
tool() {
    case "$1 $2" in
        'zpool import') [ ! -e "$disk_state/unimportable" ] || { echo 'no such device' >&2; return 1; } ;;
        'zpool status') cat "$disk_state/status" ; return ;;
        'zfs get') [ -e "$disk_state/known" ] || return 1; cat "$disk_state/known"; return ;;
    esac
    echo "$*" >&3
}
exec 3>&1
"""


def pool_text(members: dict[str, str], status: str = "") -> str:
    """Give shell for a pool whose members are there: blank, of the pool with this number, or something else."""
    lines = ["mkdir -p $disk_state/label $disk_state/fresh; echo ashift=12 >$disk_state/known"]
    for disk, held in members.items():
        lines.append(f"echo /dev/sd{disk}1 >$disk_state/device/{disk}.z")
        if held == "blank":
            lines.append(f": >$disk_state/fresh/{disk}.z")
        elif held.isdecimal():
            lines.append(f"mkdir $disk_state/label/sd{disk}1; echo id >$disk_state/label/sd{disk}1/comment")
            lines.append(f"echo {held} >$disk_state/label/sd{disk}1/pool_guid")
    lines.append(f"cat >$disk_state/status <<'END'\n{status}\nEND")
    return "\n".join([ZFS, *lines])


WANT = "want_pool tank id 'ashift=12' mirror b.z=B c.z=C\n[ -e $disk_state/device/tank ] && echo there || echo away"
LINK = "/dev/disk/by-partuuid"
CREATE = "zpool create -f -o cachefile=none -o comment=id -o ashift=12 -O mountpoint=none"
IMPORT = "zpool import -f -N -o cachefile=none"
HEALTHY = f"  state: ONLINE\n   {LINK}/B ONLINE 0 0 0\n   {LINK}/C ONLINE 0 0 0"
LACKING = f"  state: DEGRADED\n   {LINK}/B ONLINE 0 0 0\n   7788 UNAVAIL 0 0 0 was {LINK}/C"


def test_a_pool_is_made_of_members_that_are_all_blank(words: Words) -> None:
    found = words(f"{pool_text({'b': 'blank', 'c': 'blank'})}\n{WANT}")
    assert found == [
        f"{CREATE} -O modpkg:pool-properties=ashift=12 tank mirror {LINK}/B {LINK}/C",
        "note the pool tank is new: mirror b.z=B c.z=C",
        "there",
    ]


def test_a_stripe_has_no_word_of_its_own(words: Words) -> None:
    text = WANT.replace("mirror", "stripe")
    found = words(f"{pool_text({'b': 'blank', 'c': 'blank'})}\n{text}")
    assert found[0].endswith(f" tank {LINK}/B {LINK}/C")


def test_a_pool_that_lacks_a_member_is_never_made(words: Words) -> None:
    assert words(f"{pool_text({'b': 'blank'})}\n{WANT}") == [
        "note the pool tank is not made: it lacks c.z",
        "away",
    ]


def test_a_pool_that_is_there_is_imported_from_its_members_alone(words: Words) -> None:
    found = words(f"{pool_text({'b': '42', 'c': '42'}, HEALTHY)}\n{WANT}")
    assert found == [f"{IMPORT} -d {LINK}/B -d {LINK}/C 42 tank", "there"]


def test_a_missing_member_makes_it_degraded(words: Words) -> None:
    found = words(f"{pool_text({'b': '42'}, LACKING)}\n{WANT}")
    assert found == [
        f"{IMPORT} -d {LINK}/B 42 tank",
        "note the pool tank is degraded: it lacks c.z",
        "there",
    ]


@pytest.mark.parametrize("held", ["blank", "42"], ids=["blank", "of the pool, from another time"])
def test_one_that_is_not_in_the_pool_takes_the_place_of_what_is_gone(words: Words, held: str) -> None:
    found = words(f"{pool_text({'b': '42', 'c': held}, LACKING)}\n{WANT}")
    assert found[1:] == [
        f"zpool replace -f tank 7788 {LINK}/C",
        "note the pool tank is rebuilt: /dev/sdc1 takes the place of one that is gone",
        "there",
    ]


def test_a_pool_that_is_not_well_is_told(words: Words) -> None:
    status = HEALTHY.replace("state: ONLINE", "state: DEGRADED\n status: One or more devices has faulted")
    found = words(f"{pool_text({'b': '42', 'c': '42'}, status)}\n{WANT}")
    assert found[1] == "note the pool tank is not well: One or more devices has faulted"


def test_members_of_two_pools_are_refused(words: Words) -> None:
    (refusal, state) = words(f"{pool_text({'b': '42', 'c': '43'})}\n{WANT}")
    assert (
        refusal == "refused the pool tank has members of more than one pool of its name: /dev/sdb1 /dev/sdc1"
    )
    assert state == "away"


def test_a_pool_that_cannot_be_imported_is_made_anew_with_a_grant_alone(words: Words) -> None:
    text = f"{pool_text({'b': '42', 'c': '42'})}\n: >$disk_state/unimportable\n"
    refused = words(f"{text}{WANT}")
    assert refused[0].startswith("refused the pool tank cannot be imported; it lacks nothing")
    wiped = words(f"{text}granted=' b c '\n{WANT}")
    assert wiped[0].startswith("note the pool tank is wiped, as granted: the pool tank cannot be imported")
    assert wiped[1:3] == ["cleared /dev/sdb1", "cleared /dev/sdc1"]
    assert wiped[3].startswith("zpool create ")


def test_a_member_with_another_identity_is_refused(words: Words) -> None:
    found = words(f"{pool_text({'b': 'other', 'c': 'blank'})}\n{WANT}")
    assert found == ["refused /dev/sdb1, of the pool tank, holds LABEL=/dev/sdb1 ", "away"]


def test_properties_of_a_pool_that_changed_are_set(words: Words) -> None:
    found = words(f"{pool_text({'b': '42', 'c': '42'}, HEALTHY)}\necho none >$disk_state/known\n{WANT}")
    assert found[1:] == ["zpool set ashift=12 tank", "zfs set modpkg:pool-properties=ashift=12 tank", "there"]


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (
            "",
            [
                "zfs create -o mountpoint=legacy -o modpkg:properties=quota=1G -o quota=1G tank/work",
                "note the dataset tank/work is new",
            ],
        ),
        ("quota=1G", []),
        (
            "quota=2G",
            [
                "zfs set mountpoint=legacy modpkg:properties=quota=1G quota=1G tank/work",
                "note the dataset tank/work has other properties now: quota=1G",
            ],
        ),
    ],
    ids=["new", "as it was", "changed"],
)
def test_a_dataset_is_made_or_changed(words: Words, known: str, said: list[str]) -> None:
    before = f"echo '{known}' >$disk_state/known\n" if known else ""
    text = f": >$disk_state/device/tank\n{before}want_dataset tank work quota=1G; cat $disk_state/device/tank.work"
    assert words(f"{ZFS}\n{text}") == [*said, "tank/work"]


def test_a_dataset_of_a_pool_that_is_not_there_is_not_mounted(words: Words) -> None:
    text = "want_dataset tank work quota=1G; want_mount tank.work /work; cat $disk_state/absent"
    assert words(f"{ZFS}\n{text}") == ["note /work is not there: it lies on tank.work", "/work"]
