from pathlib import Path

import pytest

from modpkg.model.module import State
from modpkg.rootfs.state.conflict import StateError
from modpkg.rootfs.state.take import take_state
from tests.support.stack import make_module, stanza, write_files

BELOW = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
    "etc/group": "root:x:0:\nvideo:x:44:\n",
    "etc/shells": "/bin/sh\n",
    "var/lib/dpkg/status": f"{stanza('dpkg')}\n\n",
    "var/lib/dpkg/triggers/Unincorp": "",
}
ADMIN = "auto\n/usr/bin/awk\n\n/usr/bin/mawk\n5\n\n"


def core_of(tmp_path: Path) -> State:
    tree = write_files(tmp_path / "core", BELOW)
    (tree / "etc/alternatives").mkdir()
    (tree / "etc/alternatives/awk").symlink_to("/usr/bin/mawk")
    write_files(tree, {"var/lib/dpkg/alternatives/awk": ADMIN, "etc/alternatives/README": "read me"})
    return take_state(tree)


def test_all_of_core_is_its_own(tmp_path: Path) -> None:
    state = core_of(tmp_path)
    assert state.stanzas == (stanza("dpkg"),)
    assert state.lines == {
        "etc/group": ("root:x:0:", "video:x:44:"),
        "etc/passwd": ("root:x:0:0:root:/root:/bin/bash",),
        "etc/shells": ("/bin/sh",),
        "var/lib/dpkg/triggers/Unincorp": (),
    }
    assert [choice.path for choice in state.alternatives["awk"].choices] == ["/usr/bin/mawk"]


def test_databases_leave_the_tree_and_nothing_else_does(tmp_path: Path) -> None:
    core_of(tmp_path)
    left = [path for path in (tmp_path / "core").rglob("*") if not path.is_dir()]
    assert [path.name for path in left] == ["README"]


def test_a_module_gives_what_it_adds(tmp_path: Path) -> None:
    core = make_module("core", state=core_of(tmp_path))
    upper = write_files(
        tmp_path / "upper",
        {
            "etc/passwd": BELOW["etc/passwd"] + "m:x:301:301::/:/bin/sh\n",
            "etc/group": "root:x:0:\nvideo:x:44:m\nm:x:301:\n",
            "etc/subuid": "m:100000:65536\n",
            "var/lib/dpkg/status": f"{stanza('dpkg')}\n\n{stanza('munge')}\n\n",
            "usr/bin/munge": "program",
        },
    )
    assert take_state(upper, [core]) == State(
        stanzas=(stanza("munge"),),
        lines={
            "etc/group": ("m:x:301:",),
            "etc/passwd": ("m:x:301:301::/:/bin/sh",),
            "etc/subuid": ("m:100000:65536",),
        },
        members={"etc/group": {"video": ("m",)}},
    )
    assert [path.name for path in upper.rglob("*") if not path.is_dir()] == ["munge"]


def test_a_module_that_touches_no_database_adds_nothing(tmp_path: Path) -> None:
    core = make_module("core", state=core_of(tmp_path))
    assert take_state(write_files(tmp_path / "upper", {"usr/bin/x": ""}), [core]) == State()


def test_everything_wrong_comes_at_once_and_the_tree_stays(tmp_path: Path) -> None:
    core = make_module("core", state=core_of(tmp_path))
    texts = {
        "etc/passwd": "root:x:0:0:root:/root:/bin/zsh\n",
        "etc/shells": "/bin/zsh\n",
        "var/lib/dpkg/status": f"{stanza('dpkg', '2')}\n\n{stanza('a', status='deinstall ok config-files')}\n",
        "var/lib/dpkg/alternatives/awk": "auto\n/usr/bin/awk\n\n/usr/bin/gawk\n10\n\n",
    }
    upper = write_files(tmp_path / "upper", texts)
    with pytest.raises(StateError, match="cannot take the state of this module:") as caught:
        take_state(upper, [core])
    assert [(conflict.database, conflict.subject) for conflict in caught.value.conflicts] == [
        ("etc/passwd", "user root"),
        ("etc/shells", "shell /bin/sh"),
        ("var/lib/dpkg/alternatives/awk", "choice /usr/bin/mawk"),
        ("var/lib/dpkg/status", "package dpkg"),
        ("var/lib/dpkg/status", "status of package a"),
    ]
    assert {side.module for side in caught.value.conflicts[0].sides} == {"core", "this module"}
    assert {name: (upper / name).read_text() for name in texts} == texts


def test_modules_below_that_disagree_are_refused(tmp_path: Path) -> None:
    lower = [make_module(n, state=State(lines={"etc/group": (f"{n}:x:108:",)})) for n in ("ib", "slurm")]
    with pytest.raises(StateError, match="cannot build on modules that disagree"):
        take_state(tmp_path, lower)


def test_a_slave_that_update_alternatives_did_not_link_is_remembered(tmp_path: Path) -> None:
    admin = (
        "auto\n/usr/bin/awk\nawk.1.gz\n/usr/share/man/man1/awk.1.gz\n\n/usr/bin/mawk\n5\n/man/mawk.1.gz\n\n"
    )
    tree = write_files(tmp_path / "tree", {"var/lib/dpkg/alternatives/awk": admin})
    (tree / "etc/alternatives").mkdir(parents=True)
    (tree / "etc/alternatives/awk").symlink_to("/usr/bin/mawk")
    (choice,) = take_state(tree).alternatives["awk"].choices
    assert choice.missing == ("awk.1.gz",)
