"""What the words of a disk plan decide, run by the busybox that runs them in a node; devices are stood in for."""

from __future__ import annotations

from pathlib import Path

import pytest

import modpkg.initramfs
from modpkg.host.run import run

pytestmark = pytest.mark.programs
SOURCE = Path(modpkg.initramfs.__file__).parent
NAMES = ("library.sh", "image_tools.sh", "contents.sh", "disks.sh", "volumes.sh", "lvm.sh")
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
