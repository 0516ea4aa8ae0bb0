"""A head and its machines on one bridge, in a network namespace of their own: real servers, real firmware."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from modpkg.host.run import run, running
from modpkg.node.machine import CONTROL
from tests.support.compute_image import CHECKOUT, surroundings
from tests.support.fetched import nginx_program
from tests.support.nfs_server import nfs_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OVMF = Path("/usr/share/OVMF")
# Debian's key for tests: its firmware for tests believes it, and everybody has it.
SNAKEOIL = Path("/usr/share/ovmf/PkKek-1-snakeoil.key")
CERTIFICATE = SNAKEOIL.with_suffix(".pem")
SERVERS = ("modpkg", "invoke", "python", "python3", "dnsmasq", "nginx")
# nginx may lie elsewhere, and modpkg looks where a system has it.
HEAD = """\
set -e
mount -t tmpfs tmpfs /usr/local/sbin
ln -s "$1" /usr/local/sbin/nginx
shift
exec "$@"
"""


class Child(Protocol):
    """A program that runs, or ran."""

    def poll(self) -> int | None: ...

    def kill(self) -> None: ...


@dataclass(slots=True, kw_only=True)
class Node:
    """A machine that runs, and the lines of its console so far."""

    name: str
    lines: list[str] = field(default_factory=list)
    child: Child | None = None

    def has(self, pattern: str) -> bool:
        return any(re.search(pattern, line) for line in self.lines)

    def stop(self) -> None:
        """End it, as pulling its plug would."""
        assert self.child is not None
        self.child.kill()

    def tail(self) -> str:
        return "\n".join([f"--- {self.name}", *self.lines[-40:]])


class Bench:
    """The network: a bridge that is the head's `eth1`, and a tap for each machine."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.name = f"modpkg-{os.getpid()}-b"
        self.inside = ["ip", "netns", "exec", self.name]
        self.head_lines: list[str] = []
        self.nodes: list[Node] = []
        self.stack = ExitStack()

    def make(self) -> None:
        run(["ip", "netns", "add", self.name])
        self.ip("link", "add", "eth1", "type", "bridge")
        self.ip("address", "add", "10.0.0.1/16", "dev", "eth1")
        for device in ("lo", "eth1"):
            self.ip("link", "set", device, "up")

    def remove(self) -> None:
        self.stack.close()
        self.kill_head()
        run(["ip", "netns", "delete", self.name], check=False)

    def ip(self, *words: str) -> None:
        run(["ip", "-n", self.name, *words])

    @contextmanager
    def vlan(self, number: int, head: str, given: str) -> Iterator[None]:
        """Run a server of a VLAN that has the address `head` there and gives the address `given`."""
        device = f"eth1.{number}"
        switch = [sys.executable, "-m", "tests.support.vlan_switch", "trunk", device, str(number)]
        said: list[str] = []
        with running([*self.inside, *switch], on_line=said.append, cwd=CHECKOUT) as child:
            self.wait(lambda: bool(said), 20, alive=child)
            self.ip("link", "set", "trunk", "master", "eth1", "up")
            self.ip("address", "add", f"{head}/24", "dev", device)
            self.ip("link", "set", device, "up")
            words = ["--conf-file=/dev/null", "--keep-in-foreground", "--port=0", "--bind-interfaces"]
            words += [f"--interface={device}", f"--dhcp-range={given},{given}", "--dhcp-leasefile=/dev/null"]
            # It answers for addresses alone: the way out and the names are those of the first network.
            words += ["--dhcp-option=option:router", "--dhcp-option=option:dns-server"]
            with running([*self.inside, "dnsmasq", *words], on_line=self.head_lines.append):
                yield

    @contextmanager
    def chroots(self) -> Iterator[None]:
        """Serve the folder `chroots` by NFS."""
        work = self.directory / "nfs"
        with nfs_server(self.directory / "chroots", work, address="10.0.0.1", inside=self.inside):
            yield

    def modpkg(self, *words: str | Path) -> list[str | Path]:
        program = Path(sys.executable).with_name("modpkg")
        return [program, *words, "--work", self.directory / "work"]

    @contextmanager
    def head(self) -> Iterator[None]:
        """Run `modpkg head --serve`, and wait until it serves."""
        words = ["unshare", "--mount", "sh", "-c", HEAD, "sh", nginx_program()]
        command = [*self.inside, *words, *self.modpkg("head", "--serve", "--verbose")]
        with running(
            command, on_line=self.head_lines.append, env=surroundings(), cwd=self.directory
        ) as child:
            self.wait(self._answers, 60, alive=child)
            yield

    def _answers(self) -> bool:
        words = [
            *self.inside,
            "busybox",
            "wget",
            "-q",
            "-O",
            "/dev/null",
            "http://10.0.0.1/boot/unknown.ipxe",
        ]
        return run(words, check=False).returncode == 0

    def kill_head(self) -> None:
        """End the head as a power cut would: nothing of it is asked, nothing cleans up."""
        for pid in run(["ip", "netns", "pids", self.name], check=False).stdout.split():
            name = Path(f"/proc/{pid}/comm")
            if name.exists() and name.read_text().strip() in SERVERS:
                os.kill(int(pid), signal.SIGKILL)

    def start(self, name: str, mac: str, *words: str, memory_mb: int = 1024) -> Node:
        """Start a machine that boots from the network by the firmware that `words` give it."""
        node, tap = Node(name=name), f"tap{len(self.nodes)}"
        self.ip("tuntap", "add", "dev", tap, "mode", "tap")
        self.ip("link", "set", tap, "master", "eth1", "up")
        command = [
            *("setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64"),
            *("-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", str(memory_mb), "-nodefaults", "-nographic"),
            *("-no-reboot", "-serial", "stdio", "-boot", "n"),
            *("-netdev", f"tap,id=net,ifname={tap},script=no,downscript=no", *words),
        ]
        command = [word.replace("MAC", mac) for word in command]

        def keep(line: str) -> None:
            node.lines.append(CONTROL.sub("", line).rstrip())

        node.child = self.stack.enter_context(running([*self.inside, *command], on_line=keep))
        self.nodes.append(node)
        return node

    def bios(self, name: str, mac: str) -> Node:
        """Start a machine with a BIOS; its card's own program is iPXE."""
        return self.start(name, mac, "-machine", "pc", "-device", "virtio-net-pci,netdev=net,mac=MAC")

    def uefi(self, name: str, mac: str, *, http: bool, secure: bool = False) -> Node:
        """Start a machine with UEFI that fetches by HTTP or by TFTP; `secure` starts signed programs alone."""
        variables = self.directory / f"{name}.fd"
        variables.write_bytes((OVMF / f"OVMF_VARS_4M{'.snakeoil' if secure else ''}.fd").read_bytes())
        code = OVMF / f"OVMF_CODE_4M{'.secboot' if secure else ''}.fd"
        guarded = ("-global", "driver=cfi.pflash01,property=secure,value=on") if secure else ()
        # This firmware tries TFTP first, and IPv6 for a minute.
        off = ["IPv6PXESupport", *(["IPv4PXESupport"] if http else [])]
        return self.start(
            *(name, mac, "-machine", "q35,smm=on" if secure else "q35", *guarded),
            *("-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}"),
            *("-drive", f"if=pflash,format=raw,unit=1,file={variables}"),
            *("-device", "virtio-net-pci,netdev=net,mac=MAC,romfile=", "-device", "virtio-rng-pci"),
            *(word for key in off for word in ("-fw_cfg", f"name=opt/org.tianocore/{key},string=n")),
        )

    def told(self, pattern: str) -> bool:
        """Whether the head has said something."""
        return any(re.search(pattern, line) for line in self.head_lines)

    def wait(self, until: Callable[[], bool], seconds: float, *, alive: Child | None = None) -> None:
        """Wait until something holds; fail with what all machines wrote if it does not in time."""
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline or (alive is not None and alive.poll() is not None):
                told = "\n".join([*(node.tail() for node in self.nodes), "--- head", *self.head_lines[-60:]])
                pytest.fail(f"it did not happen in {seconds} s:\n{told}")
            time.sleep(0.2)


def snakeoil_key(directory: Path) -> Path:
    """Give that key without its password."""
    path = directory / "snakeoil.key"
    run(["openssl", "rsa", "-in", SNAKEOIL, "-passin", "pass:snakeoil", "-out", path])
    return path


@contextmanager
def bench(directory: Path) -> Iterator[Bench]:
    """Give the network while the block runs, and end all that runs in it."""
    made = Bench(directory)
    try:
        made.make()
        yield made
    finally:
        made.remove()


__all__ = ["CERTIFICATE", "CHECKOUT", "Bench", "Node", "bench", "snakeoil_key"]
