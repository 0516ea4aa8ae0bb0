"""Mounts in real namespaces: what they show, what they leave, and that the machine sees none of them."""

import json
import os
from pathlib import Path

import pytest

from tests.integration.rootfs.conftest import Apart

pytestmark = pytest.mark.programs
OVERLAY = """
from modpkg.host.mounts import overlay
place = Path(sys.argv[1])
root, upper, work = place / "root", place / "upper", place / "work"
for path in (root, upper, work):
    path.mkdir()
layers = sys.argv[2:]
with overlay(root, lower=[place / name for name in layers], upper=upper, work=work):
"""


def layer(place: Path, name: str, **texts: str) -> Path:
    (place / name).mkdir(parents=True)
    for file, text in texts.items():
        (place / name / file).write_text(text)
    return place / name


def test_the_first_layer_is_on_top_and_writes_go_to_the_upper(apart: Apart, tmp_path: Path) -> None:
    layer(tmp_path, "top", both="top", one="1")
    layer(tmp_path, "low", both="low", two="2")
    code = OVERLAY + (
        "    print({path.name: path.read_text() for path in sorted(root.iterdir())})\n"
        "    (root / 'new').write_text('new')\n"
        "    (root / 'two').unlink()\n"
        "print(sorted(path.name for path in root.iterdir()))\n"
    )
    lines = apart(code, tmp_path, "top", "low").stdout.splitlines()
    assert lines == ["{'both': 'top', 'one': '1', 'two': '2'}", "[]"]
    assert (tmp_path / "upper/new").read_text() == "new"
    assert (tmp_path / "upper/two").is_char_device()
    assert (tmp_path / "low/two").read_text() == "2"


@pytest.mark.parametrize("name", ["a:b", "a,b", "a\\b", "a b", "a:b,c\\d", "ü"])
def test_odd_names_of_layers_are_no_hindrance(apart: Apart, tmp_path: Path, name: str) -> None:
    layer(tmp_path, name, file="x")
    layer(tmp_path, "other")
    code = OVERLAY + "    print(sorted(path.name for path in root.iterdir()))\n"
    assert apart(code, tmp_path, name, "other").stdout == "['file']\n"


def test_without_an_upper_nothing_can_be_written(apart: Apart, tmp_path: Path) -> None:
    layer(tmp_path, "one", file="x")
    layer(tmp_path, "two")
    code = """
from modpkg.host.mounts import overlay
place = Path(sys.argv[1])
with overlay(place / "root", lower=[place / "one", place / "two"]):
    try:
        (place / "root/new").touch()
    except OSError as error:
        print(error.strerror)
"""
    assert apart(code, tmp_path).stdout == "Read-only file system\n"


def test_a_mount_ends_with_its_block_also_by_an_error(apart: Apart, tmp_path: Path) -> None:
    layer(tmp_path, "source", file="x")
    code = """
from modpkg.host.mounts import mounted
place = Path(sys.argv[1])
for kind in ("", "tmpfs"):
    try:
        with mounted(place / "source" if not kind else "tmpfs", place / "target", kind=kind):
            (place / "target/inside").touch()
            raise KeyError
    except KeyError:
        print(list((place / "target").iterdir()))
"""
    assert apart(code, tmp_path).stdout.splitlines() == ["[]", "[]"]
    assert (tmp_path / "source/inside").exists()


def test_a_mount_that_is_in_use_does_not_keep_a_build_from_ending(apart: Apart, tmp_path: Path) -> None:
    code = """
from modpkg.host.mounts import mounted
target = Path(sys.argv[1]) / "target"
with mounted("tmpfs", target, kind="tmpfs"):
    stream = (target / "open").open("w")
print(target.is_mount(), list(target.iterdir()))
"""
    assert apart(code, tmp_path).stdout == "False []\n"


def test_the_machine_sees_no_mount(apart: Apart, tmp_path: Path) -> None:
    code = """
from modpkg.host.mounts import mounted
target = Path(sys.argv[1]) / "target"
with mounted("tmpfs", target, kind="tmpfs"):
    (target / "file").touch()
    print(Path("/proc/1/mountinfo").read_text().count(str(target)))
    sys.stdout.flush()
    import os
    os._exit(7)
"""
    before = Path("/proc/self/mountinfo").read_text()
    completed = apart(code, tmp_path, check=False)
    assert (completed.returncode, completed.stdout) == (7, "0\n")
    assert Path("/proc/self/mountinfo").read_text() == before
    assert list((tmp_path / "target").iterdir()) == []


CHROOT = """
from modpkg.host.mounts import chroot_mounts
import json, os
root = Path(sys.argv[1])
for name in ("proc", "dev", "run", "tmp"):
    (root / name).mkdir(parents=True, exist_ok=True)
with chroot_mounts(root):
"""


def test_a_chroot_has_devices_that_work(apart: Apart, tmp_path: Path) -> None:
    code = CHROOT + (
        "    (root / 'dev/null').write_bytes(b'x')\n"
        "    zero = (root / 'dev/zero').open('rb').read(3)\n"
        "    names = sorted(path.name for path in (root / 'dev').iterdir())\n"
        "    links = {name: os.readlink(root / 'dev' / name) for name in ('fd', 'stdin')}\n"
        "    modes = {name: oct((root / name).stat().st_mode & 0o7777) for name in ('tmp', 'run', 'dev/shm')}\n"
        "    print(json.dumps([list(zero), names, links, modes, (root / 'proc/self').exists()]))\n"
    )
    zero, names, links, modes, proc = json.loads(apart(code, tmp_path / "root").stdout)
    assert zero == [0, 0, 0]
    assert names == [
        "fd",
        "full",
        "null",
        "random",
        "shm",
        "stderr",
        "stdin",
        "stdout",
        "tty",
        "urandom",
        "zero",
    ]
    assert links == {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0"}
    assert modes == {"tmp": "0o1777", "run": "0o755", "dev/shm": "0o1777"}
    assert proc


def test_a_chroot_leaves_no_trace(apart: Apart, tmp_path: Path) -> None:
    code = CHROOT + "    for name in ('dev', 'run', 'tmp'):\n        (root / name / 'left').touch()\n"
    apart(code, tmp_path / "root")
    left = [path for path in (tmp_path / "root").rglob("*") if not path.is_dir()]
    assert left == []


def test_devices_of_the_machine_keep_their_modes(apart: Apart, tmp_path: Path) -> None:
    before = {name: os.stat(f"/dev/{name}").st_mode for name in ("null", "zero", "random")}  # noqa: PTH116 - as below
    apart(CHROOT + "    pass\n", tmp_path / "root")
    assert {name: os.stat(f"/dev/{name}").st_mode for name in before} == before  # noqa: PTH116 - a path of the machine


@pytest.mark.parametrize(("needed", "mounted"), [(1 << 20, "True"), (1 << 60, "False")])
def test_what_fits_into_memory_is_kept_there(apart: Apart, tmp_path: Path, needed: int, mounted: str) -> None:
    code = """
from modpkg.host.mounts import in_memory
target = Path(sys.argv[1]) / "target"
with in_memory(target, needed=int(sys.argv[2])):
    (target / "file").write_text("x")
    print(target.is_mount())
"""
    assert apart(code, tmp_path, str(needed)).stdout == f"{mounted}\n"
    assert (tmp_path / "target").is_dir()


def test_too_many_modules_at_once_say_so(apart: Apart, tmp_path: Path) -> None:
    code = """
from modpkg.errors import ModpkgError
from modpkg.host.mounts import overlay
place = Path(sys.argv[1])
try:
    with overlay(place / "root", lower=[place / f"{number:0200}" for number in range(30)]):
        print("mounted")
except ModpkgError as error:
    print(error)
"""
    assert apart(code, tmp_path).stdout == (
        "cannot mount so many modules at once: their paths are too long for the kernel\n"
    )
    assert not (tmp_path / "root").exists()
