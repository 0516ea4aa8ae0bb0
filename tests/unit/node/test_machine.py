"""The virtual machine's command. Machines are run in tests/boot."""

from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.node.machine import CONTROL, Machine


def test_an_architecture_that_cannot_be_booted_is_refused(tmp_path: Path) -> None:
    machine = Machine(
        architecture="riscv64",
        memory_mb=1,
        cpus=1,
        accel="tcg",
        kernel=tmp_path,
        initrd=tmp_path,
        arguments=(),
        console=tmp_path / "console.log",
        answers=tmp_path / "answers.log",
    )
    with pytest.raises(BadInputError, match="riscv64"):
        machine.command()


def test_what_moves_a_terminals_cursor_is_taken_off() -> None:
    raw = "\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS [\x1b[0;1;31mFAILED\x1b[0m]\ta\r\x00"
    assert CONTROL.sub("", raw) == "SeaBIOS [FAILED]\ta"
