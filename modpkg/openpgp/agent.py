"""The directory where gpg keeps keys, ready for use. Never leaves an agent running that it started.

gpg's secret keys live in an agent, whose sockets lie in the directory; socket paths are limited to 108 bytes.
"""

from __future__ import annotations

import os
import re
import socket
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from modpkg.events import Sink, ignore
from modpkg.host.files import locked
from modpkg.host.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK_NAME: Final = ".modpkg.lock"
# Says that the agent of this home is modpkg's, also after a modpkg that was killed.
MARK_NAME: Final = ".modpkg.agent"
# 107 bytes less the longest name that an agent gives a socket, "/S.gpg-agent.browser".
LONGEST_HOME: Final = 80
END_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 10.0
SOCKET_NAME: Final = "S.gpg-agent"
READ_BYTES: Final = 4096
POLL_SECONDS: Final = 0.005


@contextmanager
def opened(home: Path, *, sink: Sink = ignore) -> Iterator[Path]:
    """Give a path by which gpg can use `home`; one process at a time, its agent ended afterwards.

    An agent that somebody else runs on this home is used, and left as it is.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(home / LOCK_NAME, sink=sink), _short_path(home.absolute()) as path:
        mark = home / MARK_NAME
        agent = _socket(path)
        ours = mark.exists() or _pid(agent) is None
        if ours:
            mark.touch()
        try:
            yield path
        finally:
            if ours:
                _end(agent, home=path)
                mark.unlink()


@contextmanager
def _short_path(home: Path) -> Iterator[Path]:
    if len(bytes(home)) <= LONGEST_HOME:
        yield home
        return
    # Not below TMPDIR, which may be as long as the home itself.
    with tempfile.TemporaryDirectory(prefix="modpkg.", dir="/tmp") as short:
        path = Path(short, "gpg")
        path.symlink_to(home)
        yield path


def _pid(agent: Path) -> int | None:
    found = re.search(rb"^D ([0-9]+)\n", _ask(agent, b"GETINFO pid"), re.MULTILINE)
    return int(found[1]) if found else None


def _ask(agent: Path, command: bytes) -> bytes:
    # gpg-connect-agent does the same; without its start and end a publication takes a tenth less.
    try:
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(ANSWER_SECONDS)
            channel.connect(str(agent))
            _answer(channel)
            channel.sendall(command + b"\n")
            return _answer(channel)
    except OSError:
        return b""  # no agent listens there


def _answer(channel: socket.socket) -> bytes:
    # Assuan, the protocol of gpg's programs: lines of data, then one that begins with OK or ERR.
    answer = b""
    while not re.search(rb"^(OK|ERR)\b.*\n", answer, re.MULTILINE):
        piece = channel.recv(READ_BYTES)
        if not piece:
            break
        answer += piece
    return answer


def _socket(home: Path) -> Path:
    path = home / SOCKET_NAME
    if path.is_socket() or not any(Path(run_time).is_dir() for run_time in _run_time_directories()):
        return path
    # Where a user has a directory below /run, gpg puts sockets there.
    asked = run(["gpgconf", "--homedir", home, "--list-dirs", "agent-socket"], check=False).stdout
    return Path(unquote(asked.strip()) or path)


def _run_time_directories() -> tuple[str, ...]:
    # GnuPG looks for /run/gnupg/user/UID, /run/user/UID and the same below /var/run (its common/homedir.c).
    user = os.getuid()
    return tuple(f"{root}/{name}/{user}" for root in ("/run", "/var/run") for name in ("gnupg/user", "user"))


def _end(agent: Path, *, home: Path) -> None:
    pid = _pid(agent)
    if pid is None:
        return
    _ask(agent, b"KILLAGENT")
    # It answers before it ends; who opens the home meanwhile would meet an agent that is about to go.
    deadline = time.monotonic() + END_SECONDS
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    if agent.parent != home:
        # What `gpgconf --remove-socketdir` does; an agent of the user's own home has others there.
        with suppress(OSError):
            agent.parent.rmdir()


def _lives(pid: int) -> bool:
    try:
        stat = Path("/proc", str(pid), "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}
