import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modpkg.events import ignore
from modpkg.host.namespaces import OWN_PROCESSES
from modpkg.rootfs import debian
from modpkg.rootfs.debian import (
    drop_foreign_records,
    install_core,
    install_delta,
    script_environment,
    write_policy,
)
from modpkg.rootfs.pool import Pool
from tests.support.stack import write_files


class Calls:
    """Stands for the programs: keeps what was asked, and lets a test look at the tree at that moment."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.environments: list[dict[str, str]] = []
        self.mounts: list[str] = []
        self.states: list[list[str]] = []
        self.watched: Path | None = None

    def run(self, argv: list[str], *, env: dict[str, str], sink: object) -> None:
        del sink
        self.commands.append([str(word) for word in argv])
        self.environments.append(env)
        self.states.append(list(self.mounts))

    @contextmanager
    def mount(self, *words: Path) -> Iterator[None]:
        self.mounts.append(" -> ".join(map(str, words)))
        yield
        self.mounts.pop()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    made = Calls()
    monkeypatch.setattr(debian, "run", made.run)
    monkeypatch.setattr(debian, "mounted", made.mount)
    monkeypatch.setattr(debian, "chroot_mounts", made.mount)
    return made


def settings(path: Path) -> dict[str, str]:
    return dict(re.findall(r'^(\S+) "([^"]*)";$', path.read_text(), re.MULTILINE))


def test_package_scripts_ask_nothing_make_no_initrd_and_know_one_moment() -> None:
    assert script_environment(1_700_000_000) == {
        "DEBIAN_FRONTEND": "noninteractive",
        "DEBCONF_NONINTERACTIVE_SEEN": "true",
        "HOME": "/root",
        "INITRD": "No",
        "SOURCE_DATE_EPOCH": "1700000000",
    }


def test_the_policy_layer_forbids_every_start(tmp_path: Path) -> None:
    write_policy(tmp_path / "policy")
    program = tmp_path / "policy/usr/sbin/policy-rc.d"
    assert program.read_text() == "#!/bin/sh\nexit 101\n"
    assert stat.S_IMODE(program.stat().st_mode) == 0o755


def test_core_is_made_of_all_names_in_their_order(tmp_path: Path, calls: Calls) -> None:
    pool = Pool(tmp_path / "pool")
    install_core(
        tmp_path / "tree", pool, names=["udev", "base-files"], suite="bookworm", epoch=7, sink=ignore
    )
    (command,) = calls.commands
    assert command[:5] == [*OWN_PROCESSES, "mmdebstrap"]
    assert "--include=base-files,udev" in command
    assert {"--mode=root", "--variant=essential", "--format=directory"} <= set(command)
    assert command[-3:] == ["bookworm", str(tmp_path / "tree"), pool.source]
    assert calls.environments[0]["SOURCE_DATE_EPOCH"] == "7"


def test_the_order_of_names_does_not_matter(tmp_path: Path, calls: Calls) -> None:
    for names in (["a", "b", "c"], iter(["c", "a", "b"])):
        install_core(tmp_path / "t", Pool(tmp_path), names=names, suite="x", epoch=1, sink=ignore)
    assert calls.commands[0] == calls.commands[1]


def test_what_mmdebstrap_copies_from_the_machine_goes(tmp_path: Path, calls: Calls) -> None:
    del calls
    names = dict.fromkeys(debian.LEFT_BY_MMDEBSTRAP, "of this machine")
    tree = write_files(tmp_path / "tree", {**names, "etc/passwd": "kept"})
    (tree / "etc/resolv.conf").unlink()
    (tree / "etc/resolv.conf").symlink_to("/run/resolv.conf")
    install_core(tree, Pool(tmp_path), names=["a"], suite="x", epoch=1, sink=ignore)
    left = [str(path.relative_to(tree)) for path in tree.rglob("*") if not path.is_dir()]
    assert left == ["etc/passwd"]


def install(tmp_path: Path, *, archives: bool = False) -> Path:
    root = tmp_path / "root"
    (root / "var/lib/dpkg").mkdir(parents=True)
    if archives:
        (root / "var/cache/apt/archives").mkdir(parents=True)
    pool = Pool(tmp_path / "pool")
    install_delta(root, pool, names=iter(["munge", "libmunge2"]), epoch=7, work=tmp_path / "apt", sink=ignore)
    return root


def test_a_delta_is_installed_by_apt_with_exactly_the_names(tmp_path: Path, calls: Calls) -> None:
    install(tmp_path)
    update, command = calls.commands
    assert update == ["apt-get", "-q", "update"]
    assert command == [*OWN_PROCESSES, "apt-get", "-q", "--yes", "install", "libmunge2", "munge"]
    assert [env["SOURCE_DATE_EPOCH"] for env in calls.environments] == ["7", "7"]
    assert {env["APT_CONFIG"] for env in calls.environments} == {str(tmp_path / "apt/apt.conf")}


def test_the_pool_is_mounted_where_apt_keeps_archives_and_gone_afterwards(
    tmp_path: Path, calls: Calls
) -> None:
    root = install(tmp_path)
    assert calls.states[0] == [str(root), f"{tmp_path / 'pool'} -> {root / 'var/cache/apt/archives'}"]
    assert calls.mounts == []


@pytest.mark.parametrize("archives", [True, False])
def test_a_directory_made_for_the_mount_goes_and_another_stays(
    tmp_path: Path, calls: Calls, *, archives: bool
) -> None:
    del calls
    root = install(tmp_path, archives=archives)
    assert (root / "var/cache/apt/archives").exists() == archives


def test_apt_sees_nothing_of_the_machine(tmp_path: Path, calls: Calls) -> None:
    del calls
    install(tmp_path)
    found = settings(tmp_path / "apt/apt.conf")
    directories = {name: value for name, value in found.items() if name.startswith("Dir::") and value}
    assert {name for name, value in directories.items() if not value.startswith(str(tmp_path))} == set()
    assert directories["Dir::State::status"] == str(tmp_path / "root/var/lib/dpkg/status")
    assert not any(value.startswith("/dev") for value in found.values())
    assert found["DPkg::Chroot-Directory"] == str(tmp_path / "root")
    assert (tmp_path / "apt/sources.list").read_text() == f"{Pool(tmp_path / 'pool').source}\n"


def test_apt_neither_upgrades_nor_recommends(tmp_path: Path, calls: Calls) -> None:
    del calls
    install(tmp_path)
    found = settings(tmp_path / "apt/apt.conf")
    assert (found["APT::Get::Upgrade"], found["APT::Install-Recommends"]) == ("false", "false")


RECORDS = (
    *("munge.list", "munge.md5sums", "libmunge2:amd64.list", "libmunge2:amd64.shlibs"),
    *(
        "base-files.list",
        "libc6:amd64.list",
        "munge-extra.list",
        "python3.11.list",
        "python3.11-minimal.list",
    ),
    *("python3.list", "python3x11.list", "g++.list", "gg.list", "format"),
)


def records(tmp_path: Path, *names: str) -> set[str]:
    upper = write_files(tmp_path / "upper", {f"var/lib/dpkg/info/{name}": "x" for name in RECORDS})
    drop_foreign_records(upper, names=iter(names))
    return {path.name for path in (upper / "var/lib/dpkg/info").iterdir()}


def test_only_records_of_this_modules_packages_stay(tmp_path: Path) -> None:
    assert records(tmp_path, "munge", "libmunge2") == {
        *("munge.list", "munge.md5sums", "libmunge2:amd64.list", "libmunge2:amd64.shlibs", "format")
    }


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("python3.11", {"python3.11.list", "format"}),
        ("python3", {"python3.list", "format"}),
        ("g++", {"g++.list", "format"}),
        ("python3.1", {"format"}),
        ("libc6", {"libc6:amd64.list", "format"}),
    ],
)
def test_a_name_with_a_dot_is_not_taken_for_another(tmp_path: Path, name: str, own: set[str]) -> None:
    assert records(tmp_path, name) == own


def test_a_module_without_packages_keeps_none(tmp_path: Path) -> None:
    assert records(tmp_path) == {"format"}


def test_a_tree_without_dpkg_is_left_alone(tmp_path: Path) -> None:
    drop_foreign_records(tmp_path, names=["munge"])
    assert list(tmp_path.iterdir()) == []
