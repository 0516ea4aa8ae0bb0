import locale
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.events import Event, Output
from modpkg.host import fork as subject
from modpkg.host.fork import can_fork, run_forked
from modpkg.host.mounts import mounted
from modpkg.host.run import BASE_ENVIRONMENT, run, running

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces without helpers need root")


def say(text: object) -> int:
    sys.stdout.write(f"{text}\n")
    return 0


def said(text: str, status: int = 0) -> Callable[[], int]:
    def function() -> int:
        return say(text) or status

    return function


def test_what_it_writes_comes_back_line_by_line() -> None:
    events: list[Event] = []

    def sink(event: Event) -> None:
        events.append(event)

    done = run_forked("worker", said("one\ntwo"), sink=sink)
    assert (done.stdout, done.stderr, done.returncode) == ("one\ntwo\n", "", 0)
    assert events == [Output("worker", "one"), Output("worker", "two")]


def test_its_status_is_that_of_the_function() -> None:
    assert run_forked("worker", said("", status=7)).returncode == 7


def test_more_than_a_pipe_holds_comes_back() -> None:
    text = "münze " * 200_000
    assert run_forked("worker", said(text)).stdout == f"{text}\n"


def test_an_error_is_a_traceback_and_never_goes_on_here() -> None:
    def function() -> int:
        raise LookupError("no such thing")

    before = os.getpid()
    done = run_forked("worker", function)
    assert os.getpid() == before
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert done.stderr.rstrip().endswith("LookupError: no such thing")


def test_who_is_killed_is_seen_to_be() -> None:
    assert run_forked("worker", lambda: run(["sh", "-c", "kill -KILL $PPID"]).returncode).returncode == 0
    assert kill_from_outside() == -signal.SIGKILL


def kill_from_outside() -> int:
    # The first process of a namespace is ended by nobody inside of it.
    def sink(event: Event) -> None:
        assert isinstance(event, Output)
        os.kill(int(event.line), signal.SIGKILL)

    def function() -> int:
        say(Path("/proc/self/stat").read_text().split()[0])
        sys.stdout.flush()
        time.sleep(30)
        return 0

    return run_forked("worker", function, sink=sink).returncode


def test_an_exit_is_no_way_back_either() -> None:
    assert run_forked("worker", lambda: sys.exit(3)).returncode == 1


def test_it_has_the_environment_of_children_and_no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/nonexistent")
    done = run_forked("worker", lambda: say(f"{sorted(os.environ)} {sys.stdin.read()!r}"))
    assert done.stdout == f"{sorted(BASE_ENVIRONMENT)} ''\n"


def test_it_is_the_first_process_of_its_own() -> None:
    assert run_forked("worker", lambda: say(os.getpid())).stdout == "1\n"


@pytest.mark.parametrize("kind", ["mnt", "pid", "ipc", "uts", "net"])
def test_it_is_apart(kind: str) -> None:
    # /proc is that of the machine, where "self" is another process.
    find = f"import os; print(os.readlink('/proc/thread-self/ns/{kind}'))"
    here = run([sys.executable, "-c", find]).stdout
    there = run_forked("worker", lambda: say(run([sys.executable, "-c", find]).stdout.strip()))
    assert there.returncode == 0, there.stderr
    assert there.stdout.startswith(f"{kind}:[")
    assert there.stdout.strip() != here.strip()


def test_a_mount_is_seen_by_nobody_else(tmp_path: Path) -> None:
    def function() -> int:
        run(["mount", "-t", "tmpfs", "tmpfs", tmp_path])
        return say(tmp_path.is_mount())

    assert run_forked("worker", function).stdout == "True\n"
    assert not tmp_path.is_mount()
    with mounted("tmpfs", tmp_path, kind="tmpfs"):
        assert tmp_path.is_mount()


def test_who_is_interrupted_ends_it(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    def function() -> int:
        say("begun")
        sys.stdout.flush()
        time.sleep(30)
        mark.touch()
        return 0

    def sink(event: Event) -> None:
        del event
        # Lines are read by another thread; a person's signal comes to the first one.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt(number, frame)

    before = signal.signal(signal.SIGUSR1, stop)
    started = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_forked("worker", function, sink=sink)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert time.monotonic() - started < 20
    assert not mark.exists()


@pytest.mark.parametrize("ignored", [True, False])
def test_a_signal_that_the_caller_ignores_is_ignored(*, ignored: bool) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        done = run_forked("worker", lambda: say(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert done.stdout == f"{ignored}\n"


SLEEPER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from modpkg.host.fork import run_forked
from modpkg.host.run import run
def function():
    open(sys.argv[2] + "/begun", "w").close()
    run(["sleep", "7301"])
    return 0
run_forked("worker", function)
"""


def test_it_ends_with_who_called_it_and_so_does_all_that_it_started(tmp_path: Path) -> None:
    checkout = Path(subject.__file__).parents[2]
    with running([sys.executable, "-c", SLEEPER, str(checkout), str(tmp_path)], on_line=str) as child:
        wait_for(lambda: (tmp_path / "begun").exists() and bool(sleepers()))
        child.kill()
    wait_for(lambda: not sleepers())


def sleepers() -> list[Path]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == b"sleep\x007301\x00" or path.read_bytes().endswith(b"/sleep\x007301\x00"):
                found.append(path)
        except OSError:
            continue
    return found


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_refusal_of_the_kernel_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "APART", 0x7FFF_FFFF)
    done = run_forked("worker", said("no"))
    assert done.returncode == 1
    assert "cannot work apart: unshare: Invalid argument" in done.stderr


@pytest.mark.parametrize(
    ("user", "encoding", "can"), [(0, "utf-8", True), (1000, "utf-8", False), (0, "iso8859-1", False)]
)
def test_only_root_with_texts_in_utf8_can(
    monkeypatch: pytest.MonkeyPatch, user: int, encoding: str, *, can: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(locale, "getpreferredencoding", lambda **_: encoding)
    assert can_fork() == can
