"""What is asked of the kernel, and when; the mounts themselves are tested with the real one."""

from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.host import mounts as subject
from modpkg.host.mounts import DEVICES, chroot_mounts, in_memory, mounted, overlay


class Calls:
    """Takes the place of the kernel, and of the program that finds loop devices."""

    def __init__(self) -> None:
        self.mounts: list[tuple[str, str, str, str]] = []
        self.ended: list[str] = []
        self.programs: list[list[str]] = []
        self.fail_at = ""

    def mount(self, source: str | Path, target: Path, *, kind: str, options: str) -> None:
        if self.fail_at and self.fail_at in (kind, str(target)):
            raise ModpkgError(f"cannot mount {source}")
        self.mounts.append((str(source), str(target), kind, options))

    def unmount(self, target: Path) -> None:
        self.ended.append(str(target))

    def run(self, argv: list[object]) -> None:
        self.programs.append([str(word) for word in argv])


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    made = Calls()
    for name in ("mount", "unmount", "run"):
        monkeypatch.setattr(subject, name, getattr(made, name))
    return made


def test_without_a_kind_a_directory_is_bound(tmp_path: Path, calls: Calls) -> None:
    target = tmp_path / "a/b"
    with mounted(tmp_path, target):
        assert target.is_dir()
        assert calls.mounts == [(str(tmp_path), str(target), "", "")]
        assert calls.ended == []
    assert calls.ended == [str(target)]


def test_a_file_system_is_mounted_with_its_options(tmp_path: Path, calls: Calls) -> None:
    with mounted("tmpfs", tmp_path, kind="tmpfs", options="size=1m"):
        pass
    assert calls.mounts == [("tmpfs", str(tmp_path), "tmpfs", "size=1m")]
    assert calls.programs == []


def test_a_file_is_mounted_by_the_program_that_finds_a_loop_device(tmp_path: Path, calls: Calls) -> None:
    with mounted(tmp_path / "image", tmp_path, kind="squashfs", options="ro,loop"):
        wanted = ["mount", "-t", "squashfs", "-o", "ro,loop", str(tmp_path / "image"), str(tmp_path)]
        assert calls.programs == [wanted]
    assert (calls.mounts, calls.ended) == ([], [str(tmp_path)])


def test_a_mount_that_failed_is_not_undone(tmp_path: Path, calls: Calls) -> None:
    calls.fail_at = "tmpfs"
    with pytest.raises(ModpkgError), mounted("tmpfs", tmp_path, kind="tmpfs"):
        pytest.fail("it is not mounted")
    assert calls.ended == []


def options(calls: Calls) -> str:
    return calls.mounts[0][3]


def test_layers_are_given_from_the_top_down(tmp_path: Path, calls: Calls) -> None:
    with overlay(tmp_path, lower=[Path("/top"), Path("/low")]):
        pass
    assert options(calls).split(",")[0] == "lowerdir=/top:/low"


@pytest.mark.parametrize(
    ("name", "escaped"), [("/a:b", "/a\\:b"), ("/a,b", "/a\\,b"), ("/a\\b", "/a\\\\b"), ("/a b", "/a b")]
)
def test_letters_that_mean_something_to_mount_are_escaped(
    tmp_path: Path, calls: Calls, name: str, escaped: str
) -> None:
    with overlay(tmp_path, lower=[Path(name)], upper=Path(name), work=Path(name)):
        pass
    assert f"lowerdir={escaped},upperdir={escaped},workdir={escaped}" in options(calls)


def test_an_upper_needs_its_work_directory(tmp_path: Path, calls: Calls) -> None:
    with overlay(tmp_path, lower=[Path("/low")], upper=Path("/up")):
        pass
    assert "upperdir" not in options(calls)


@pytest.mark.parametrize(("initial", "asked"), [(True, False), (False, True)])
def test_only_a_mapped_root_asks_for_attributes_of_users(
    tmp_path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch, *, initial: bool, asked: bool
) -> None:
    monkeypatch.setattr(subject.os, "geteuid", lambda: 0)
    monkeypatch.setattr(subject, "_is_initial_namespace", lambda: initial)
    with overlay(tmp_path, lower=[Path("/low")]):
        pass
    assert ("userxattr" in options(calls)) == asked


def test_more_layers_than_a_page_of_options_holds_are_refused(tmp_path: Path, calls: Calls) -> None:
    lower = [Path(f"/{'x' * 99}") for _ in range(40)]
    with overlay(tmp_path, lower=lower):
        pass
    with (
        pytest.raises(ModpkgError, match="cannot mount so many modules at once"),
        overlay(tmp_path, lower=[*lower, *lower]),
    ):
        pytest.fail("it is not mounted")
    assert len(calls.mounts) == 1


@pytest.mark.parametrize(("free", "mounts"), [(200, 1), (199, 0), (0, 0)])
def test_memory_is_used_if_twice_as_much_is_free(
    tmp_path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch, free: int, mounts: int
) -> None:
    monkeypatch.setattr(subject, "_free_bytes", lambda: free)
    with in_memory(tmp_path / "target", needed=100):
        assert (tmp_path / "target").is_dir()
        assert len(calls.mounts) == mounts
    if mounts:
        assert options(calls) == "mode=0700,size=200"


def test_a_chroot_gets_its_devices_and_is_cleared_in_reverse(tmp_path: Path, calls: Calls) -> None:
    for name in ("proc", "dev", "run", "tmp"):
        (tmp_path / name).mkdir()
    with chroot_mounts(tmp_path):
        bound = [target for _, target, kind, _ in calls.mounts if not kind]
        assert bound == [str(tmp_path / "dev" / name) for name in DEVICES]
        assert (tmp_path / "dev/stdin").readlink() == Path("/proc/self/fd/0")
    assert calls.ended == [str(tmp_path / name) for name in ("tmp", "run", "dev", "proc")]


def test_what_is_mounted_ends_when_a_later_mount_fails(tmp_path: Path, calls: Calls) -> None:
    for name in ("proc", "dev", "run", "tmp"):
        (tmp_path / name).mkdir()
    calls.fail_at = str(tmp_path / "run")
    with pytest.raises(ModpkgError), chroot_mounts(tmp_path):
        pytest.fail("it is not whole")
    assert calls.ended == [str(tmp_path / "dev"), str(tmp_path / "proc")]
