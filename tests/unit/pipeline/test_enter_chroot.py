import os
from pathlib import Path

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import ignore
from modpkg.host.run import run
from modpkg.pipeline.chroots import find_chroot
from modpkg.pipeline.enter_chroot import enter_chroot
from tests.support.little_chroot import little_chroot, needs_root


@needs_root
def test_one_that_is_not_there_is_not_entered(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="there is no such chroot"):
        enter_chroot(find_chroot(tmp_path, "apps"), "true", terminal="dumb", sink=ignore)


def test_an_ordinary_user_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ModpkgError, match="as an ordinary user"):
        enter_chroot(find_chroot(tmp_path, "apps"), "true", terminal="dumb", sink=ignore)


@needs_root
@pytest.mark.programs
def test_a_tree_without_a_shell_is_told_and_nothing_stays_mounted(tmp_path: Path) -> None:
    places = little_chroot(tmp_path)
    with pytest.raises(ModpkgError, match="the command ended with status 127") as caught:
        enter_chroot(places, "true", terminal="dumb", sink=ignore)
    assert "/bin/sh" in caught.value.what
    assert str(places.tree) not in Path("/proc/mounts").read_text()
    assert not (places.tree / "usr/sbin/policy-rc.d").exists()


@needs_root
@pytest.mark.programs
def test_a_static_shell_runs_the_command_in_the_tree(tmp_path: Path) -> None:
    places = little_chroot(tmp_path)
    (places.tree / "bin").mkdir()
    (places.tree / "bin/sh").write_bytes(Path("/bin/busybox").read_bytes())
    (places.tree / "bin/sh").chmod(0o755)
    enter_chroot(places, "echo here >/made; echo $debian_chroot >>/made", terminal="dumb", sink=ignore)
    assert (places.tree / "made").read_text() == "here\napps\n"
    assert run(["ls", places.tree / "proc"]).stdout == ""
