"""The virtual machine's command. Machines are run in tests/boot."""

import itertools
from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.events import Event, Output
from modpkg.host import tools
from modpkg.node.machine import CONTROL, Machine, run_machine


def machine(directory: Path, *, architecture: str = "amd64") -> Machine:
    return Machine(
        architecture=architecture,
        memory_mb=1024,
        cpus=2,
        accel="tcg",
        kernel=directory / "vmlinuz",
        initrd=directory / "initrd",
        arguments=("console=ttyS0", "modpkg.image=http://10.0.2.2/root.squashfs"),
        console=directory / "console.log",
        answers=directory / "answers.log",
    )


@pytest.fixture
def hardware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shell script in the place of QEMU: what a node would write, and how it would end."""
    program = tmp_path / "qemu-system-x86_64"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(tools, "require", lambda name: str(program) if name == program.name else name)
    return program


def test_an_architecture_that_cannot_be_booted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="riscv64"):
        machine(tmp_path, architecture="riscv64").command()


def test_the_command_has_the_machine_and_its_kernel(tmp_path: Path, hardware: Path) -> None:
    command = machine(tmp_path).command()
    assert command[:4] == ["setpriv", "--pdeathsig", "KILL", str(hardware)]
    options = dict(itertools.pairwise(command))
    assert (options["-accel"], options["-smp"], options["-m"]) == ("tcg", "2", "1024")
    assert options["-append"] == "console=ttyS0 modpkg.image=http://10.0.2.2/root.squashfs"
    assert (options["-kernel"], options["-initrd"]) == (str(tmp_path / "vmlinuz"), str(tmp_path / "initrd"))


def test_what_a_node_writes_is_kept_and_shown(tmp_path: Path, hardware: Path) -> None:
    answers = tmp_path / "answers.log"
    hardware.write_text(f"#!/bin/sh\nprintf '\\033[2Jhello  \\r\\nthere\\n'\necho yes >>{answers}\nexit 3\n")
    answers.write_text("of an earlier boot\n")
    seen: list[Event] = []
    ended = run_machine(machine(tmp_path), timeout_seconds=30, sink=seen.append)
    assert (ended.timed_out, ended.status) == (False, 3)
    assert ended.console == "hello\nthere\n" == (tmp_path / "console.log").read_text()
    assert ended.answers == "yes\n"
    assert seen == [Output("node", "hello"), Output("node", "there")]


def test_a_machine_that_does_not_end_is_ended(tmp_path: Path, hardware: Path) -> None:
    hardware.write_text("#!/bin/sh\necho $$\nexec sleep 600\n")
    ended = run_machine(machine(tmp_path), timeout_seconds=0.5)
    assert ended.timed_out
    assert not Path("/proc", ended.console.strip()).exists()


def test_what_moves_a_terminals_cursor_is_taken_off() -> None:
    raw = "\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS [\x1b[0;1;31mFAILED\x1b[0m]\ta\r\x00"
    assert CONTROL.sub("", raw) == "SeaBIOS [FAILED]\ta"
