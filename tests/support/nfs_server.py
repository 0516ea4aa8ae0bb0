"""A real NFS server in user space, for nodes in virtual machines: this kernel may have none."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.host import tools
from modpkg.host.run import run, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NFS_PORT = 2049
PLUGINS = Path("/usr/lib/x86_64-linux-gnu/ganesha")
# Nothing is remembered: what the tests do in the tree, they do behind the server's back.
CONFIGURATION = """\
NFS_CORE_PARAM {{
    Protocols = 4; NFS_Port = {port}; Bind_addr = {address}; Plugins_Dir = {plugins};
    Enable_NLM = false; Enable_RQUOTA = false;
}}
NFSV4 {{ Graceless = true; Delegations = false; Only_Numeric_Owners = true; RecoveryRoot = {state}; }}
MDCACHE {{ Dir_Chunk = 0; }}
EXPORT_DEFAULTS {{
    Access_Type = RO; Squash = No_Root_Squash; SecType = sys; Attr_Expiration_Time = 0;
    Protocols = 4; Transports = TCP;
}}
EXPORT {{ Export_Id = 1; Path = {directory}; Pseudo = /chroots; FSAL {{ Name = VFS; }} }}
LOG {{ Default_Log_Level = WARN; }}
"""


@dataclass(frozen=True)
class NfsServer:
    """A server that runs: it can be stopped as if its machine was gone, and let go on."""

    port: int
    pid: int

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


@contextmanager
def nfs_server(
    directory: Path, work: Path, *, address: str = "127.0.0.1", inside: Sequence[str] = ()
) -> Iterator[NfsServer]:
    """Serve `directory` as /chroots by NFS 4: to this machine alone, or `inside` a network namespace."""
    program = tools.find("ganesha.nfsd")
    if program is None or os.geteuid() != 0:
        pytest.skip("an NFS server needs root and Debian's nfs-ganesha-vfs")
    work.mkdir()
    port = NFS_PORT if inside else _free_port()
    conf = work / "ganesha.conf"
    conf.write_text(
        CONFIGURATION.format(port=port, plugins=PLUGINS, state=work, directory=directory, address=address)
    )
    words = [*inside, program, "-F", "-f", conf, "-p", work / "pid", "-L", work / "log", "-N", "WARN"]
    with running(words, on_line=lambda _: None) as child:
        deadline = time.monotonic() + 60
        while not _answers(address, port, inside):
            assert child.poll() is None, (work / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        server = NfsServer(port, child.pid)
        try:
            yield server
        finally:
            # A stopped process takes no notice of being ended.
            server.thaw()


def _answers(address: str, port: int, inside: Sequence[str]) -> bool:
    connect = [*inside, "bash", "-c", ": >/dev/tcp/$0/$1", address, str(port)]
    return run(connect, check=False).returncode == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
