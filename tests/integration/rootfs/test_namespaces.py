"""How builds run for whom: root, a user with a range of ids, a user without."""

import os
import pwd
import shlex
import sys
from pathlib import Path

import pytest

from modpkg.host.namespaces import enter
from modpkg.host.run import Completed, run

CHECKOUT = Path(__file__).resolve().parents[3]
NOBODY = 65534
CODE = f"""
import sys; sys.path.insert(0, {str(CHECKOUT)!r})
from modpkg.errors import ModpkgError
from modpkg.host import namespaces
try:
    print(namespaces.mode())
except ModpkgError as error:
    print(error)
"""

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(os.geteuid() != 0, reason="becoming other users needs root"),
]


def as_user(uid: int, *words: str) -> Completed:
    drop = ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"]
    return run([*drop, *(words or (sys.executable, "-c", CODE))], check=False)


def readable_by_others() -> bool:
    return as_user(NOBODY, sys.executable, "-c", "import pydantic").returncode == 0


def user_with_ids() -> int:
    lines = Path("/etc/subuid").read_text().splitlines() if Path("/etc/subuid").exists() else []
    for name in (line.split(":")[0] for line in lines):
        try:
            uid = pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
        if uid != 0:
            return uid
    pytest.skip("no user of this machine has a range of ids in /etc/subuid")


def test_root_builds_as_root() -> None:
    completed = run([sys.executable, "-c", CODE])
    assert completed.stdout == "root\n"


def test_a_user_without_a_range_of_ids_is_told_what_to_ask_for() -> None:
    if not readable_by_others():
        pytest.skip("other users may not read this Python")
    assert as_user(NOBODY).stdout == (
        "cannot build as 'nobody': no range of ids in /etc/subuid\n"
        "  hint: as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 nobody\n"
    )


def test_a_user_whose_kernel_refuses_user_namespaces_is_told_what_to_allow(tmp_path: Path) -> None:
    if not readable_by_others():
        pytest.skip("other users may not read this Python")
    table = tmp_path / "table"
    table.write_text(f"{NOBODY}:100000:65536\n")
    inside = f"""
        set -e
        for name in subuid subgid; do mount --bind {table} /etc/$name; done
        echo 0 >/proc/sys/user/max_user_namespaces
        exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups "$@"
    """
    # The limit counts for this user namespace alone: the machine keeps its own.
    script = f"""
        unshare --user --mount sleep 60 & child=$!
        until [ "$(cat /proc/$child/comm)" = sleep ]; do sleep 0.1; done
        for map in uid_map gid_map; do echo 0 0 65535 >/proc/$child/$map; done
        nsenter --target $child --user --mount --setuid 0 --setgid 0 sh -c {shlex.quote(inside)} sh "$@"
        status=$?; kill $child; exit $status
    """
    completed = run(["sh", "-c", script, "sh", sys.executable, "-c", CODE])
    assert completed.stdout == (
        "cannot build as 'nobody': the kernel refuses user namespaces\n"
        "  hint: as root: sysctl -w user.max_user_namespaces=15000; or run modpkg as root\n"
    )


def test_root_of_a_container_that_may_not_mount_is_told_so() -> None:
    completed = run(["setpriv", "--bounding-set=-sys_admin", sys.executable, "-c", CODE])
    assert completed.stdout == (
        "cannot build as root: the kernel refuses mounts and namespaces, as it does in most containers\n"
        "  hint: run modpkg outside of the container, or give that CAP_SYS_ADMIN and CAP_NET_ADMIN "
        "and no seccomp filter (docker, podman: --privileged)\n"
    )


def test_a_user_that_is_in_no_table_is_called_by_number() -> None:
    if not readable_by_others():
        pytest.skip("other users may not read this Python")
    assert as_user(54321).stdout.startswith("cannot build as '54321': no range of ids in /etc/subuid")


def test_a_user_with_ids_builds_as_a_mapped_root() -> None:
    uid = user_with_ids()
    if not readable_by_others():
        pytest.skip("other users may not read this Python")
    completed = as_user(uid)
    if "kernel refuses user namespaces" in completed.stdout:
        pytest.skip("this machine allows no user namespaces")
    assert completed.stdout == "user\n"
    inside = as_user(uid, *enter("user"), "sh", "-c", "id -u; wc -l </proc/self/uid_map")
    assert inside.stdout.split() == ["0", "2"], inside.stderr


def test_processes_of_a_build_see_only_their_own() -> None:
    completed = run([*enter("root"), "sh", "-c", "echo $$; hostname -I 2>/dev/null || true"])
    assert completed.stdout.split()[0] == "1"


def test_a_build_dies_with_whoever_started_it(tmp_path: Path) -> None:
    beat = tmp_path / "beat"
    inner = f"while :; do echo beat >>{beat}; sleep 0.1; done"
    words = " ".join([*enter("root"), "sh", "-c", f"'{inner}'"])
    script = f"""
        sh -c "{words}; true" & child=$!
        for i in $(seq 100); do [ -s {beat} ] && break; sleep 0.1; done
        kill -KILL $child; wait $child 2>/dev/null
        sleep 1; one=$(wc -l <{beat}); sleep 1; two=$(wc -l <{beat})
        [ "$one" -gt 0 ] && [ "$one" = "$two" ] && echo dead
    """
    assert run(["bash", "-c", script], check=False).stdout == "dead\n"
