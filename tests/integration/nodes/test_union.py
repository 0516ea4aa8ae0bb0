"""The union that nodes mount over /usr, with the module's own options, over local trees: what mergerfs itself does."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.host import tools
from modpkg.host.run import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.programs
SCRIPT = Path(__file__).parents[3] / "recipes/modules/chroot/chroot.sh"
# Attributes and entries are remembered for a second.
SECONDS = 3


def _options() -> str:
    values = dict.fromkeys(("UNION", "MERGE"), "")
    for name, value in re.findall(r"^(UNION|MERGE)=(.*)$", SCRIPT.read_text(), re.MULTILINE):
        values[name] = value.replace("$MERGE", values["MERGE"]).replace("$UNION", values["UNION"])
    return values["MERGE"]


@pytest.fixture
def trees(tmp_path: Path) -> Iterator[tuple[Path, Path, Path]]:
    """Give the node's own /usr, the server's, and the union of both."""
    if os.geteuid() != 0 or not Path("/dev/fuse").exists():
        pytest.skip("mounting a union needs root and FUSE")
    own, server, union = (tmp_path / name for name in ("own", "server", "union"))
    for path in (own, server, union):
        (path / "bin").mkdir(parents=True)
    (own / "bin/both").write_text("own\n")
    (server / "bin/both").write_text("server\n")
    (server / "bin/old").write_text("old\n")
    run([tools.require("mergerfs"), "-o", _options(), f"{own}=RW:{server}=RO", union])
    try:
        yield own, server, union
    finally:
        run(["umount", "--lazy", union])


def _soon(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


Trees = tuple[Path, Path, Path]


def test_the_nodes_own_file_wins_and_new_ones_are_its_own(trees: Trees) -> None:
    own, server, union = trees
    assert (union / "bin/both").read_text() == "own\n"
    (union / "bin/new").write_text("x\n")
    assert (own / "bin/new").read_text() == "x\n"
    assert not (server / "bin/new").exists()


def test_what_was_missing_is_seen_once_it_is_there(trees: Trees) -> None:
    _, server, union = trees
    assert not (union / "bin/late").exists()
    (server / "bin/late").write_text("late\n")
    assert _soon((union / "bin/late").exists)
    assert (union / "bin/late").read_text() == "late\n"


def test_a_replaced_file_is_read_anew_and_whole(trees: Trees) -> None:
    _, server, union = trees
    assert (union / "bin/old").read_text() == "old\n"
    (server / "bin/next").write_text("newer and longer\n")
    (server / "bin/next").replace(server / "bin/old")
    assert _soon(lambda: (union / "bin/old").read_text() == "newer and longer\n")


def test_what_is_deleted_and_what_is_renamed_is_gone(trees: Trees) -> None:
    _, server, union = trees
    (server / "lib").mkdir()
    (server / "lib/file").write_text("first\n")
    assert _soon((union / "lib/file").exists)
    assert (union / "bin/old").exists()
    (server / "bin/old").unlink()
    (server / "lib").rename(server / "moved")
    (server / "lib").mkdir()
    (server / "lib/file").write_text("again\n")
    assert _soon(lambda: not (union / "bin/old").exists())
    assert _soon(lambda: (union / "lib/file").read_text() == "again\n")
    assert (union / "moved/file").read_text() == "first\n"


def test_a_tree_that_is_taken_away_leaves_the_nodes_own(trees: Trees) -> None:
    own, server, union = trees
    server.rename(server.with_name("away"))
    assert _soon(lambda: not (union / "bin/old").exists())
    assert (union / "bin/both").read_text() == "own\n"
    server.with_name("away").rename(server)
    assert _soon((union / "bin/old").exists)
    assert own.exists()
