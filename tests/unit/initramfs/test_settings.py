"""What settings.sh does below a root, run by the busybox that runs it in a node."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.support.new_root import NewRoot, new_root

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.programs
UNITS = "etc/systemd/system"


@pytest.fixture
def root(tmp_path: Path) -> NewRoot:
    return new_root(tmp_path)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_a_file_is_put_with_its_mode_in_the_place_of_what_was_there(root: NewRoot) -> None:
    outside = root.path.parent / "outside"
    outside.write_text("kept")
    (root.path / "etc/resolv.conf").symlink_to(outside)
    root.run("put /etc/resolv.conf 0644 'a\nb\n'\nput /etc/new/deep/file 0600 x")
    # A link of the image leads elsewhere as long as the image is not the root.
    assert outside.read_text() == "kept"
    assert (root.path / "etc/resolv.conf").read_text() == "a\nb\n"
    assert mode_of(root.path / "etc/resolv.conf") == 0o644
    assert mode_of(root.path / "etc/new/deep/file") == 0o600


def test_a_place_that_cannot_be_written_ends_the_stage_with_a_reason(root: NewRoot) -> None:
    (root.path / "etc/hostname").mkdir()
    assert root.run("put /etc/hostname 0644 x", check=False).endswith("etc/hostname\n")


def test_lines_are_added_once_and_those_of_the_site_stay(root: NewRoot) -> None:
    keys = root.path / "root/.ssh/authorized_keys"
    keys.parent.mkdir(mode=0o700)
    keys.write_text("key of the site")
    for _ in range(2):
        root.run("add_lines /root/.ssh/authorized_keys 0600 'one key\n-x *\nkey of the site\n'")
    assert keys.read_text() == "key of the site\none key\n-x *\n"
    assert mode_of(keys) == 0o600


def test_the_first_key_makes_a_closed_directory(root: NewRoot) -> None:
    root.run("add_lines /root/.ssh/authorized_keys 0600 'one key\n'")
    assert mode_of(root.path / "root/.ssh") == 0o700


def test_a_unit_of_the_image_is_started_and_one_that_is_missing_is_told(root: NewRoot) -> None:
    for name in ("slurmd.service", "sshd@.service"):
        (root.path / "usr/lib/systemd/system" / name).write_text("")
    (root.path / UNITS / "own.service").write_text("")
    (root.path / UNITS / "masked.service").symlink_to("/dev/null")
    told = root.run(
        "for one in slurmd.service sshd@a.service own.service masked.service none.service; do want $one; done"
    )
    wants = root.path / UNITS / "multi-user.target.wants"
    assert {path.name: str(path.readlink()) for path in wants.iterdir()} == {
        "slurmd.service": "/usr/lib/systemd/system/slurmd.service",
        "sshd@a.service": "/usr/lib/systemd/system/sshd@.service",
        "own.service": "/etc/systemd/system/own.service",
    }
    assert told.splitlines() == [
        "settings warning masked.service is not started: it is masked in the image",
        "settings warning none.service is not started: the image has no such unit",
    ]


def test_a_time_zone_that_the_image_lacks_leaves_the_zone(root: NewRoot) -> None:
    (root.path / "usr/share/zoneinfo/Europe/Berlin").write_text("")
    assert root.run("zone Europe/Berlin") == ""
    assert str((root.path / "etc/localtime").readlink()) == "/usr/share/zoneinfo/Europe/Berlin"
    assert (root.path / "etc/timezone").read_text() == "Europe/Berlin\n"
    assert root.run("zone Mars/Base") == "settings warning the time zone stays: the image has no Mars/Base\n"
    assert (root.path / "etc/timezone").read_text() == "Europe/Berlin\n"


def test_name_servers_of_the_lease_count_where_the_image_has_none(root: NewRoot) -> None:
    root.run("resolver_of_lease")
    assert str((root.path / "etc/resolv.conf").readlink()) == "/run/modpkg/resolv.conf"
    (root.path / "etc/resolv.conf").unlink()
    (root.path / "etc/resolv.conf").write_text("of the site")
    root.run("resolver_of_lease")
    assert (root.path / "etc/resolv.conf").read_text() == "of the site"


def test_a_file_for_a_program_is_put_where_the_image_has_it(root: NewRoot) -> None:
    (root.path / "usr/sbin").mkdir()
    (root.path / "usr/sbin/chronyd").write_text("")
    root.run("put_for usr/sbin/chronyd /etc/chrony/chrony.conf a\nput_for usr/sbin/none /etc/none b")
    assert (root.path / "etc/chrony/chrony.conf").read_text() == "a"
    assert not (root.path / "etc/none").exists()


DISK = "/dev/md0 {root}/var ext4 rw 0 0\n"


def test_keys_are_kept_on_the_disk_at_var(root: NewRoot) -> None:
    # A space in a path is written as \040 in /proc/mounts; a real new root has none.
    plain = NewRoot(root.path.rename(root.path.parent / "plain"), root.elsewhere)
    overlay = f"overlay {plain.path} overlay rw 0 0\n"
    told = plain.run("disk_keys must", mounts=overlay)
    assert told == "settings warning ssh host keys are new at each boot: no disk is mounted at /var\n"
    assert plain.run("disk_keys may", mounts=overlay) == ""
    assert not (plain.path / "etc/ssh/sshd_config.d").exists()

    assert plain.run("disk_keys may", mounts=overlay + DISK.format(root=plain.path)) == ""
    config = (plain.path / "etc/ssh/sshd_config.d/modpkg-host-keys.conf").read_text()
    assert config.splitlines() == [
        "HostKey /var/lib/modpkg/ssh/etc/ssh/ssh_host_ed25519_key",
        "HostKey /var/lib/modpkg/ssh/etc/ssh/ssh_host_ecdsa_key",
    ]
    unit = (plain.path / UNITS / "ssh.service.d/modpkg-keys-on-disk.conf").read_text()
    assert "ExecStartPre=\nExecStartPre=/usr/bin/ssh-keygen -A -f /var/lib/modpkg/ssh\n" in unit
    assert mode_of(plain.path / "var/lib/modpkg/ssh") == 0o700
    tmpfs = f"tmpfs {plain.path}/var/lib/modpkg tmpfs rw 0 0\n"
    assert "new at each boot" in plain.run(
        "disk_keys must", mounts=overlay + DISK.format(root=plain.path) + tmpfs
    )


def test_a_key_that_a_disk_has_had_is_still_shown_and_a_new_core_makes_those_that_are_missing(
    root: NewRoot,
) -> None:
    plain = NewRoot(root.path.rename(root.path.parent / "plain"), root.elsewhere)
    (plain.path / "usr/lib/modpkg").mkdir(parents=True)
    (plain.path / "usr/lib/modpkg/host-keys").write_text("")
    keys = plain.path / "var/lib/modpkg/ssh/etc/ssh"
    keys.mkdir(parents=True)
    for name in ("ed25519", "rsa"):
        (keys / f"ssh_host_{name}_key").write_text("a key")
    plain.run("disk_keys may", mounts=DISK.format(root=plain.path))
    config = (plain.path / "etc/ssh/sshd_config.d/modpkg-host-keys.conf").read_text()
    assert [line.rpartition("_host_")[2] for line in config.splitlines()] == [
        "ed25519_key",
        "ecdsa_key",
        "rsa_key",
    ]
    assert not (plain.path / UNITS / "ssh.service.d").exists()


def test_a_key_of_the_head_is_taken_if_it_is_the_right_one(root: NewRoot) -> None:
    (root.path / "etc/ssh/ssh_host_rsa_key").write_text("old")
    key = root.elsewhere / "served"
    key.write_text("PRIVATE\nKEY\n")
    fetch = f'get_file() {{ cp {key} "$2"; }}\n'
    wrong = root.run(f"{fetch}head_key http://head/host-keys {'0' * 64}", check=False)
    assert "the host key's sha256 is" in wrong
    assert (root.path / "etc/ssh/ssh_host_rsa_key").exists()

    digest = hashlib.sha256(key.read_bytes()).hexdigest()
    (root.elsewhere / "reason").unlink()
    root.run(f"{fetch}head_key http://head/host-keys {digest}")
    mine = root.path / "etc/ssh/ssh_host_ed25519_key"
    assert mine.read_text() == "PRIVATE\nKEY\n"
    assert mode_of(mine) == 0o600
    assert [path.name for path in (root.path / "etc/ssh").glob("ssh_host*")] == ["ssh_host_ed25519_key"]
    assert not (root.elsewhere / "key").exists()


def test_a_file_that_is_fetched_counts_only_with_its_digest(root: NewRoot) -> None:
    served = root.elsewhere / "served"
    served.write_text("127.0.0.1 localhost\n")
    fetch = f'get_file() {{ cp {served} "$2"; }}\n'
    assert "wanted 00" in root.run(f"{fetch}put_fetched /etc/hosts 0644 http://x {'0' * 64}", check=False)
    assert not (root.path / "etc/hosts").exists()
    digest = hashlib.sha256(served.read_bytes()).hexdigest()
    (root.elsewhere / "reason").unlink()
    root.run(f"{fetch}put_fetched /etc/hosts 0644 http://x {digest}")
    assert (root.path / "etc/hosts").read_text() == served.read_text()
