"""A virtual machine that boots a kernel and an initrd, and what it writes while it lives.

It has no disk and no input; it reaches the host's loopback, and is gone when `run_machine` returns.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from modpkg.errors import BadInputError
from modpkg.events import Output, Sink, ignore
from modpkg.host import tools
from modpkg.host.run import running

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

QEMU: Final = {"amd64": "qemu-system-x86_64"}
HOST_IN_GUEST: Final = "10.0.2.2"
POLL_SECONDS: Final = 0.1
CONTROL: Final = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|[a-zA-Z=>])|[\x00-\x08\x0b-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine before it runs. What the node writes to its second serial port goes into `answers`."""

    architecture: str
    memory_mb: int
    cpus: int
    accel: str
    kernel: Path
    initrd: Path
    arguments: Sequence[str]
    console: Path
    answers: Path

    def command(self) -> list[str]:
        """Give the program that is the machine; the node's console is its standard output."""
        if self.architecture not in QEMU:
            raise BadInputError(f"cannot boot an image for {self.architecture!r}", hint="amd64 can be booted")
        # fmt: off
        return [
            # Should this process be killed, the machine goes with it.
            "setpriv", "--pdeathsig", "KILL", tools.require(QEMU[self.architecture]),
            "-accel", self.accel, "-cpu", "max", "-smp", str(self.cpus), "-m", str(self.memory_mb),
            "-nodefaults", "-nographic", "-no-reboot",
            "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=",
            "-serial", "stdio", "-serial", f"file:{self.answers}",
            "-kernel", str(self.kernel), "-initrd", str(self.initrd), "-append", " ".join(self.arguments),
        ]
        # fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a machine ended: by itself or not, with which status, and what it wrote."""

    timed_out: bool
    status: int | None
    console: str
    answers: str


class _Child(Protocol):
    def poll(self) -> int | None: ...


def run_machine(machine: Machine, *, timeout_seconds: float, sink: Sink = ignore) -> Ended:
    """Run a machine until it ends or its time is over, and give what it wrote."""
    machine.answers.write_bytes(b"")
    with machine.console.open("w", encoding="utf-8") as console:

        def keep(line: str) -> None:
            plain = CONTROL.sub("", line)
            console.write(f"{plain.rstrip()}\n")
            console.flush()
            sink(Output("node", plain.rstrip()))

        with running(machine.command(), on_line=keep) as child:
            ended_itself = _wait(child, timeout_seconds)
    return Ended(
        timed_out=not ended_itself,
        status=child.returncode,
        console=machine.console.read_text(encoding="utf-8"),
        answers=machine.answers.read_text(encoding="utf-8", errors="replace"),
    )


def _wait(child: _Child, timeout_seconds: float) -> bool:
    deadline = time.monotonic() + timeout_seconds
    while child.poll() is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
