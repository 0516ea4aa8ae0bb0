"""What is asked of mount and umount, and when; the mounts themselves are tested with the real programs."""

from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.host import mounts as subject
from modpkg.host.mounts import DEVICES, chroot_mounts, in_memory, mounted, overlay


class Calls:
    """Takes the place of the programs."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.fail_at = ""

    def __call__(self, argv: list[object]) -> None:
        words = [str(word) for word in argv]
        self.commands.append(words)
        if self.fail_at and self.fail_at in words:
            raise ModpkgError(f"cannot run {words[0]}")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    made = Calls()
    monkeypatch.setattr(subject, "run", made)
    return made


def test_without_a_kind_a_directory_is_bound(tmp_path: Path, calls: Calls) -> None:
    target = tmp_path / "a/b"
    with mounted(tmp_path, target):
        assert target.is_dir()
        assert calls.commands == [["mount", "--bind", str(tmp_path), str(target)]]
    assert calls.commands[1:] == [["umount", "--lazy", str(target)]]


def test_a_file_system_is_mounted_with_its_options(tmp_path: Path, calls: Calls) -> None:
    with mounted("tmpfs", tmp_path, kind="tmpfs", options="size=1m"):
        pass
    assert calls.commands[0] == ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)]


def test_a_mount_that_failed_is_not_undone(tmp_path: Path, calls: Calls) -> None:
    calls.fail_at = "mount"
    with pytest.raises(ModpkgError), mounted("tmpfs", tmp_path, kind="tmpfs"):
        pytest.fail("it is not mounted")
    assert len(calls.commands) == 1


def options(calls: Calls) -> list[str]:
    command = calls.commands[0]
    return command[command.index("-o") + 1].split(",upperdir=")[0].split("lowerdir=")[1:]


def test_layers_are_given_from_the_top_down(tmp_path: Path, calls: Calls) -> None:
    with overlay(tmp_path, lower=[Path("/top"), Path("/low")]):
        pass
    assert options(calls)[0].split(",")[0] == "/top:/low"


@pytest.mark.parametrize(
    ("name", "escaped"), [("/a:b", "/a\\:b"), ("/a,b", "/a\\,b"), ("/a\\b", "/a\\\\b"), ("/a b", "/a b")]
)
def test_letters_that_mean_something_to_mount_are_escaped(
    tmp_path: Path, calls: Calls, name: str, escaped: str
) -> None:
    with overlay(tmp_path, lower=[Path(name)], upper=Path(name), work=Path(name)):
        pass
    text = calls.commands[0][calls.commands[0].index("-o") + 1]
    assert f"lowerdir={escaped},upperdir={escaped},workdir={escaped}" in text


def test_an_upper_needs_its_work_directory(tmp_path: Path, calls: Calls) -> None:
    with overlay(tmp_path, lower=[Path("/low")], upper=Path("/up")):
        pass
    assert "upperdir" not in " ".join(calls.commands[0])


@pytest.mark.parametrize(("initial", "asked"), [(True, False), (False, True)])
def test_only_a_mapped_root_asks_for_attributes_of_users(
    tmp_path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch, *, initial: bool, asked: bool
) -> None:
    monkeypatch.setattr(subject.os, "geteuid", lambda: 0)
    monkeypatch.setattr(subject, "_is_initial_namespace", lambda: initial)
    with overlay(tmp_path, lower=[Path("/low")]):
        pass
    assert ("userxattr" in calls.commands[0][calls.commands[0].index("-o") + 1]) == asked


def test_more_layers_than_a_page_of_options_holds_are_refused(tmp_path: Path, calls: Calls) -> None:
    lower = [Path(f"/{'x' * 99}") for _ in range(40)]
    with overlay(tmp_path, lower=lower):
        pass
    with (
        pytest.raises(ModpkgError, match="cannot mount so many modules at once"),
        overlay(tmp_path, lower=[*lower, *lower]),
    ):
        pytest.fail("it is not mounted")
    assert len(calls.commands) == 2


@pytest.mark.parametrize(("free", "mounts"), [(200, 1), (199, 0), (0, 0)])
def test_memory_is_used_if_twice_as_much_is_free(
    tmp_path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch, free: int, mounts: int
) -> None:
    monkeypatch.setattr(subject, "_free_bytes", lambda: free)
    with in_memory(tmp_path / "target", needed=100):
        assert (tmp_path / "target").is_dir()
        assert len(calls.commands) == mounts
    if mounts:
        assert "mode=0700,size=200" in calls.commands[0]


def test_a_chroot_gets_its_devices_and_is_cleared_in_reverse(tmp_path: Path, calls: Calls) -> None:
    for name in ("proc", "dev", "run", "tmp"):
        (tmp_path / name).mkdir()
    with chroot_mounts(tmp_path):
        bound = [command[-1] for command in calls.commands if command[:2] == ["mount", "--bind"]]
        assert bound == [str(tmp_path / "dev" / name) for name in DEVICES]
        assert (tmp_path / "dev/stdin").readlink() == Path("/proc/self/fd/0")
    ended = [command[-1] for command in calls.commands if command[0] == "umount"]
    assert ended == [str(tmp_path / name) for name in ("tmp", "run", "dev", "proc")]


def test_what_is_mounted_ends_when_a_later_mount_fails(tmp_path: Path, calls: Calls) -> None:
    for name in ("proc", "dev", "run", "tmp"):
        (tmp_path / name).mkdir()
    calls.fail_at = str(tmp_path / "run")
    with pytest.raises(ModpkgError), chroot_mounts(tmp_path):
        pytest.fail("it is not whole")
    ended = [command[-1] for command in calls.commands if command[0] == "umount"]
    assert ended == [str(tmp_path / "dev"), str(tmp_path / "proc")]
