import os
import stat
from itertools import permutations
from pathlib import Path

import pytest

from modpkg.model.module import Alternative, Choice, State
from modpkg.rootfs.state.conflict import StateError
from modpkg.rootfs.state.merge import merge_states, unite
from tests.support.stack import make_module, stanza

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to the group shadow")
CORE = State(
    stanzas=(stanza("base-files"), stanza("dpkg")),
    lines={
        "etc/passwd": ("root:x:0:0:root:/root:/bin/bash",),
        "etc/group": ("root:x:0:", "video:x:44:"),
        "etc/shadow": ("root:*::0:99999:7:::",),
        "etc/gshadow": ("root:*::", "video:*::"),
        "etc/subuid": (),
    },
    alternatives={
        "awk": Alternative(link="/usr/bin/awk", choices=(Choice(path="/usr/bin/mawk", priority=5),)),
    },
)
SLURM = State(
    stanzas=(stanza("munge"),),
    lines={
        "etc/passwd": ("munge:x:301:301::/nonexistent:/usr/sbin/nologin",),
        "etc/group": ("munge:x:301:",),
        "etc/shadow": ("munge:!:::::::",),
        "etc/gshadow": ("munge:!::",),
    },
    members={"etc/group": {"video": ("munge",)}, "etc/gshadow": {"video": ("munge",)}},
)
TOOLS = State(
    stanzas=(stanza("gawk"),),
    lines={"etc/group": ("tools:x:300:",), "etc/gshadow": ("tools:!::",)},
    alternatives={
        "awk": Alternative(link="/usr/bin/awk", choices=(Choice(path="/usr/bin/gawk", priority=10),)),
    },
)
STATES = {"core": CORE, "slurm": SLURM, "tools": TOOLS}


def test_the_union_is_sorted_as_the_tools_expect() -> None:
    union = unite(STATES)
    assert union.conflicts == []
    assert union.state.lines["etc/group"] == (
        "root:x:0:",
        "video:x:44:munge",
        "tools:x:300:",
        "munge:x:301:",
    )
    names = [text.split()[1] for text in union.state.stanzas]
    assert names == ["base-files", "dpkg", "gawk", "munge"]


def test_the_order_of_modules_does_not_matter() -> None:
    unions = [unite(dict(items)).state for items in permutations(STATES.items())]
    assert all(union == unions[0] for union in unions)


def test_all_conflicts_of_all_databases_come_at_once() -> None:
    other = State(
        stanzas=(stanza("munge", "9"),),
        lines={
            "etc/passwd": ("munge:x:302:302::/:/bin/sh", "x:x:301:301::/:/bin/sh"),
            "etc/group": ("rdma:x:301:",),
        },
        alternatives={
            "awk": Alternative(link="/bin/awk", choices=(Choice(path="/usr/bin/gawk", priority=1),)),
        },
    )
    conflicts = unite({**STATES, "other": other}).conflicts
    assert [(conflict.database, conflict.subject) for conflict in conflicts] == [
        ("etc/group", "group id 301"),
        ("etc/passwd", "user id 301"),
        ("etc/passwd", "user munge"),
        ("var/lib/dpkg/alternatives/awk", "choice /usr/bin/gawk"),
        ("var/lib/dpkg/alternatives/awk", "link"),
        ("var/lib/dpkg/status", "package munge"),
    ]
    assert all("other" in {side.module for side in conflict.sides} for conflict in conflicts)


def test_nothing_is_written_where_modules_disagree(tmp_path: Path) -> None:
    other = State(lines={"etc/group": ("rdma:x:44:",)})
    modules = [make_module("core", state=CORE), make_module("ib", state=other)]
    with pytest.raises(StateError, match=r"cannot merge the state of core, ib:\n +etc/group: group id 44"):
        merge_states(modules, tmp_path)
    assert list(tmp_path.iterdir()) == []


@needs_root
def test_files_have_debians_modes_and_owners(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        merge_states([make_module(name, state=state) for name, state in STATES.items()], tmp_path)
    finally:
        os.umask(before)
    found = {}
    for path in tmp_path.rglob("*"):
        info = path.lstat()
        if stat.S_ISREG(info.st_mode):
            found[str(path.relative_to(tmp_path))] = (stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid)
        elif stat.S_ISDIR(info.st_mode):
            assert stat.S_IMODE(info.st_mode) == 0o755
    public, secret = (0o644, 0, 0), (0o640, 0, 42)
    assert found == {
        "etc/group": public,
        "etc/gshadow": secret,
        "etc/passwd": public,
        "etc/shadow": secret,
        "etc/subuid": public,
        "var/lib/dpkg/alternatives/awk": public,
        "var/lib/dpkg/status": public,
    }


@needs_root
def test_what_is_written_is_what_tools_read(tmp_path: Path) -> None:
    merge_states([make_module(name, state=state) for name, state in STATES.items()], tmp_path)
    assert (tmp_path / "etc/passwd").read_text() == (
        "root:x:0:0:root:/root:/bin/bash\nmunge:x:301:301::/nonexistent:/usr/sbin/nologin\n"
    )
    assert (tmp_path / "etc/subuid").read_text() == ""
    assert (tmp_path / "etc/gshadow").read_text() == "munge:!::\nroot:*::\ntools:!::\nvideo:*::munge\n"
    assert str((tmp_path / "etc/alternatives/awk").readlink()) == "/usr/bin/gawk"
    assert (tmp_path / "var/lib/dpkg/status").read_text().startswith(stanza("base-files") + "\n\n")
