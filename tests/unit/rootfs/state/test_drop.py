from pathlib import Path

import pytest

from modpkg.rootfs.state.drop import drop, remove_secrets
from tests.support.stack import write_files

KEPT = (
    "etc/passwd",
    "etc/alternatives/README",
    "etc/rc.local",
    "etc/ssh/sshd_config",
    "etc/munge/README",
    "usr/lib/modules/6.1.0/modules.order",
    "usr/lib/modules/6.1.0/modules.builtin",
    "usr/lib/modules/6.1.0/modules.builtin.modinfo",
    "usr/lib/modules/6.1.0/kernel/fs/xfs.ko",
    "usr/lib/python3/x.py",
    "usr/share/doc/run/tmp/file",
    "usr/var/log/file",
    "var/lib/dpkg/status",
    "var/lib/dpkg/info/a.list",
    "var/lib/ucf/hashfile",
    "var/lib/ucf/cache/:etc:a",
    "srv/etc/hostname",
)
DROPPED = (
    "boot/initrd.img-6.1.0",
    "etc/.pwd.lock",
    "etc/apt/sources.list",
    "etc/group-",
    "etc/hostname",
    "etc/rc0.d/K01x",
    "etc/rcS.d/S01x",
    "etc/resolv.conf",
    "etc/shadow-",
    "var/backups/dpkg.status.0",
    "var/cache/debconf/config.dat",
    "var/cache/ldconfig/aux-cache",
    "var/lib/dbus/machine-id",
    "var/lib/dpkg/available",
    "var/lib/dpkg/lock",
    "var/lib/dpkg/status-old",
    "var/lib/dpkg/triggers/Lock",
    "var/lib/dpkg/updates/0001",
    "var/lib/ucf/hashfile.0",
    "var/log/apt/term.log",
)
SECRETS = (
    "etc/corosync/authkey",
    "etc/munge/munge.key",
    "etc/pacemaker/authkey",
    "etc/ssh/ssh_host_rsa_key",
    "etc/ssh/ssh_host_rsa_key.pub",
    "var/lib/systemd/credential.secret",
)


def files_of(tree: Path) -> list[str]:
    return sorted(str(path.relative_to(tree)) for path in tree.rglob("*") if not path.is_dir())


def test_what_no_module_may_hold_goes_and_is_named(tmp_path: Path) -> None:
    write_files(tmp_path, dict.fromkeys((*KEPT, *DROPPED), "x"))
    assert drop(tmp_path) == DROPPED
    assert files_of(tmp_path) == sorted(KEPT)


def test_directories_of_logs_and_caches_stay(tmp_path: Path) -> None:
    write_files(
        tmp_path, {"var/log/apt/term.log": "", "var/cache/apt/archives/a.deb": "", "var/cache/man/x": ""}
    )
    assert drop(tmp_path) == ("var/cache/apt/archives", "var/cache/man/x", "var/log/apt/term.log")
    assert [path.is_dir() for path in (tmp_path / "var/log/apt", tmp_path / "var/cache/man")] == [True, True]


def test_run_and_tmp_end_empty_and_python_caches_go(tmp_path: Path) -> None:
    write_files(tmp_path, {"run/lock/x": "", "tmp/a": "", "var/tmp/b": "", "usr/lib/a/__pycache__/x.pyc": ""})
    (tmp_path / "run/link").symlink_to("/nowhere")
    assert drop(tmp_path) == ("run/link", "run/lock", "tmp/a", "usr/lib/a/__pycache__", "var/tmp/b")


def test_symlinks_out_of_the_tree_are_never_followed(tmp_path: Path) -> None:
    outside = write_files(tmp_path / "outside", {"file": "x", "machine-id": "y"})
    tree = tmp_path / "tree"
    (tree / "etc").mkdir(parents=True)
    (tree / "tmp").symlink_to(outside)
    (tree / "etc/machine-id").symlink_to(outside / "machine-id")
    assert drop(tree) == ()
    assert files_of(outside) == ["file", "machine-id"]
    assert (outside / "machine-id").read_text() == "y"


def test_the_machine_id_is_emptied_and_stays(tmp_path: Path) -> None:
    write_files(tmp_path, {"etc/machine-id": "0123456789abcdef\n"})
    (tmp_path / "etc/machine-id").chmod(0o444)
    assert drop(tmp_path) == ()
    assert (tmp_path / "etc/machine-id").stat().st_size == 0
    assert (tmp_path / "etc/machine-id").stat().st_mode & 0o777 == 0o444


def test_a_resolver_that_is_a_link_is_a_packages_own(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    assert drop(tmp_path) == ()


def test_secrets_go_and_are_named(tmp_path: Path) -> None:
    write_files(tmp_path, dict.fromkeys((*KEPT, *SECRETS), "x"))
    assert remove_secrets(tmp_path) == SECRETS
    assert files_of(tmp_path) == sorted(KEPT)


@pytest.mark.parametrize("act", [drop, remove_secrets])
def test_an_empty_tree_has_nothing_to_lose(tmp_path: Path, act: object) -> None:
    assert callable(act)
    assert act(tmp_path) == ()


@pytest.mark.parametrize("name", ["var/cache/a\nb", "var/log/\n/x", "tmp/a\n"])
def test_a_line_break_in_a_name_hides_nothing(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, {name: "x"})
    assert name in drop(tmp_path) or name.rpartition("/")[0] in drop(tmp_path)
    assert not (tmp_path / name).exists()
