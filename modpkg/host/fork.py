"""A function of this program in namespaces of its own: a copy of this process, so that nothing is loaded again.

It does what `unshare --mount --pid --ipc --uts --net --fork --kill-child --propagation=private` does for root. Who
is not root needs helpers that map ids, and gets `modpkg.host.namespaces.enter`.
"""

from __future__ import annotations

import ctypes
import locale
import os
import select
import signal
import sys
import tempfile
import traceback
import warnings
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.events import Sink, ignore
from modpkg.host.run import Completed, collect, environment

if TYPE_CHECKING:
    from collections.abc import Callable

# The names of unshare(2), mount(2) and prctl(2); Python knows them from 3.12 on.
CLONE_NEWNS: Final = 0x0002_0000
CLONE_NEWUTS: Final = 0x0400_0000
CLONE_NEWIPC: Final = 0x0800_0000
CLONE_NEWPID: Final = 0x2000_0000
CLONE_NEWNET: Final = 0x4000_0000
APART: Final = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
MS_REC_PRIVATE: Final = 0x4000 | 0x4_0000
PR_SET_PDEATHSIG: Final = 1
# What only a signal or the kernel's refusal ends.
FAILED: Final = 70


def can_fork() -> bool:
    """Tell whether a copy of this process does what a fresh one would: as root, and with texts in UTF-8."""
    encodings = {sys.getfilesystemencoding().lower(), locale.getpreferredencoding(do_setlocale=False).lower()}
    return os.geteuid() == 0 and encodings == {"utf-8"}


def run_forked(name: str, function: Callable[[], int], *, sink: Sink = ignore) -> Completed:
    """Call `function` apart, with the fixed environment of children and no input; give what it wrote.

    The status is what it gives, or 1 with a traceback on standard error. It ends with this process, with all that
    it started.
    """
    out, err = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        # Threads do not come along, and what they hold is not touched: the copy has streams of its own.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _guarded(lambda: _apart(function, out[1], err[1]), err[1])
    for end in (out[1], err[1]):
        os.close(end)
    streams = [os.fdopen(end[0], encoding="utf-8", errors="replace", newline="\n") for end in (out, err)]
    child = _Child(pid=pid, stdout=streams[0], stderr=streams[1])
    stdout, stderr = collect(child, name, sink)
    return Completed((name,), child.returncode or 0, stdout, stderr)


@dataclass(slots=True, kw_only=True)
class _Child:
    """The copy, as `subprocess.Popen` would show it."""

    pid: int
    stdout: IO[str]
    stderr: IO[str]
    stdin: None = None
    returncode: int | None = None
    _descriptor: int = field(init=False)

    def __post_init__(self) -> None:
        self._descriptor = os.pidfd_open(self.pid)

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        status = self._ended(timeout)
        if status is None:
            raise TimeoutError
        return status

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if self.returncode is None:
            signal.pidfd_send_signal(self._descriptor, number)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            poller = select.poll()
            poller.register(self._descriptor, select.POLLIN)
            if not poller.poll(None if timeout is None else timeout * 1000):
                return None
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            os.close(self._descriptor)
        return self.returncode


def _guarded(function: Callable[[], int], descriptor: int) -> None:
    # Never back into the caller's code: it is the other process' to go on.
    status = FAILED
    try:
        status = function()
    except BaseException:  # noqa: BLE001 - it is written down for the other process to raise
        os.write(descriptor, traceback.format_exc().encode(errors="replace"))
        status = 1
    finally:
        os._exit(status)


def _apart(function: Callable[[], int], stdout: int, stderr: int) -> int:
    parent = os.getppid()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        # What the caller was told to ignore, as by nohup, is ignored here too.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    library = ctypes.CDLL(None, use_errno=True)
    _end_with(library, parent)
    _checked(library.unshare(APART), "unshare")
    _checked(library.mount(b"none", b"/", None, MS_REC_PRIVATE, None), "mount")
    # The first process in the namespace of processes is the next one to be made.
    inner = os.fork()
    if inner == 0:
        _guarded(lambda: _inside(library, function, stdout, stderr), stderr)
    os.close(stdout)
    os.close(stderr)
    status = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
    if status < 0:
        # Who waits for this one is to see how that one ended.
        os.kill(os.getpid(), -status)
    return status


def _inside(library: ctypes.CDLL, function: Callable[[], int], stdout: int, stderr: int) -> int:
    # Its parent is in another namespace of processes, and shows as 0.
    _end_with(library, 0)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment())
    tempfile.tempdir = None
    status = function()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _end_with(library: ctypes.CDLL, parent: int) -> None:
    _checked(library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os._exit(FAILED)


def _checked(result: int, call: str) -> None:
    if result != 0:
        raise ModpkgError(f"cannot work apart: {call}: {os.strerror(ctypes.get_errno())}")
