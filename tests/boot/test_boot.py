"""Whole boots in a virtual machine. Each costs 5 to 40 s, so each asks many things at once."""

import dataclasses
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Output
from modpkg.image.site import SiteLayer
from modpkg.model.image import ImageDirectory
from modpkg.model.module import ModuleTest
from modpkg.node.boot import BootOptions, boot_image, read_image, require_healthy
from modpkg.node.event_log import EventLogs
from modpkg.node.machine import HOST_IN_GUEST
from modpkg.node.receiver import Handler as Receiver
from modpkg.node.receiver import node_of
from modpkg.node.report import BootReport, parse_stages
from modpkg.node.serve import Handler, Server, serving
from modpkg.node.state import NodeState
from modpkg.pipeline.watch_nodes import NodeStates
from tests.support.reports import head_with, mac_of
from tests.support.site import HASH

pytestmark = [pytest.mark.boot, pytest.mark.programs, pytest.mark.network]

OPTIONS = BootOptions(memory_mb=1024, timeout_seconds=240)
STAGES = ("mounts", "modules", "network", "fetch", "verify", "overlay", "check", "hand-over")
TESTS = {
    "core": (
        ModuleTest(name="systemd", run="systemctl --version", stdout="^systemd 252"),
        ModuleTest(name="changes go to memory", run="echo x >/usr/bin/new && cat /usr/bin/new", stdout="^x$"),
        ModuleTest(name="the image stays as it is", run="! touch /run/modpkg/lower/new", stdout="Read-only"),
        ModuleTest(name="no trace of the check", run="! find /run/modpkg/lower | grep modpkg-check"),
        ModuleTest(name="the stages are in the kernel's log", run="dmesg", stdout=r"modpkg: \S+ overlay end"),
        ModuleTest(name="services see no stage", run="! systemctl show-environment | grep -i modpkg"),
        ModuleTest(name="each block is checked", run="dmsetup table modpkg-root", stdout=r"^0 \d+ verity 1 "),
        ModuleTest(
            name="all blocks are right",
            run="cat /dev/mapper/modpkg-root >/dev/null && dmsetup status",
            stdout="verity V",
        ),
        ModuleTest(
            name="systemd finds mounted what it would mount",
            run=(
                "! journalctl | grep -E 'Mounting (dev-mqueue|sys-kernel-debug)' && "
                "grep -cE ' (hugetlbfs|mqueue|debugfs|tracefs) ' /proc/mounts"
            ),
            stdout="^4$",
        ),
        ModuleTest(name="a lease", run="ip -4 -o address", stdout=r"10\.0\.2\.15/24"),
        # The service reports once systemd has nothing left to do, beside these tests.
        ModuleTest(
            name="the head is told",
            run="timeout 60 sh -c 'until [ -e /run/modpkg/reported ]; do sleep 0.2; done'",
        ),
        ModuleTest(name="a service tells the head more", run="sh /run/modpkg/tell.sh files failed no share"),
    ),
    "site": (
        ModuleTest(name="a file of the site", run="cat /etc/motd", stdout="^Welcome to this site$"),
        ModuleTest(name="the root is as it was", run="! grep -r 'this site' /run/modpkg/lower/etc/motd"),
        ModuleTest(name="the hash of root", run="getent shadow root", stdout=rf"^root:{re.escape(HASH)}:"),
        ModuleTest(name="the key of root", run="cat /root/.ssh/authorized_keys", stdout="admin@head$"),
        ModuleTest(name="name servers", run="cat /etc/resolv.conf", stdout=r"^nameserver 10\.0\.0\.3$"),
        ModuleTest(
            name="owners and modes",
            run="stat -c '%a %U %G' /etc/shadow /etc/motd /root /root/.ssh /root/.ssh/authorized_keys / | xargs",
            stdout="^640 root shadow 644 root root 700 root root 700 root root 600 root root 755 root root$",
        ),
    ),
    "odd": (
        ModuleTest(name='any "byte" \\ and no end of line', run=r"printf 'a\"\\\0\377\r\nb'", stdout=r"^b$"),
        ModuleTest(name="a fault", run="echo why >&2; exit 3"),
        ModuleTest(name="wrong words", run="echo one", stdout="two"),
    ),
}

MakeImage = Callable[..., Path]


@contextmanager
def head(root: Path) -> Iterator[tuple[str, list[NodeState]]]:
    """Take reports of a node over TCP, as nginx would hand them over; give the address and each state seen."""
    places = head_with(root, 1)
    states, seen = NodeStates(root), list[NodeState]()

    def look(event: object) -> None:
        del event
        seen.extend(states.now())

    handler = partial(
        Receiver, node_of=partial(node_of, places.current), logs=EventLogs(places.events), sink=look
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST_IN_GUEST}:{server.server_port}/event/{mac_of(0)}", seen
        finally:
            server.shutdown()
            thread.join()


def require_told(root: Path, seen: list[NodeState], report: BootReport) -> None:
    """See that the head knows of each stage, and when the node was up, what it said in the end."""
    (log,) = EventLogs(root / "events").newest("n0", 5)
    told = [(event.stage, event.state) for event in sorted(log.events, key=lambda event: event.seconds)]
    stages = [(stage, state) for stage in STAGES for state in ("start", "end")]
    assert told == [*stages, ("multi-user", "end"), ("files", "failed")]
    words = [state.state for state in seen]
    assert words == sorted(words, key=["booting", "up"].index)
    # A stage of no length may be over before the head reads of it.
    assert {state.stage for state in seen} >= {"fetch", "multi-user"}
    last = seen[-1]
    assert (last.state, last.failed_units, last.reason) == ("up", (), "files: no share")
    assert abs(last.seconds - report.multi_user_seconds) < 0.02
    assert 50 < last.memory_mb < 1024


def test_a_node_comes_up_and_tells_how_it_is(make_image: MakeImage, layer: SiteLayer, tmp_path: Path) -> None:
    image = make_image(tests=TESTS, site=layer, verity=True)
    lines: list[str] = []

    def sink(event: object) -> None:
        if isinstance(event, Output):
            lines.append(event.line)

    with head(tmp_path / "head") as (address, seen):
        # The last of two counts.
        options = dataclasses.replace(OPTIONS, arguments=(f"modpkg.report={address}",))
        report = boot_image(image, options=options, work=tmp_path / "work", sink=sink)
    assert len(report.tests) == sum(map(len, TESTS.values()))
    bad = [(result.name, result.output, result.reason) for result in report.tests if not result.ok]
    assert bad == [
        ("a fault", "why\n", "it ended with status 3"),
        ("wrong words", "one\n", "its output does not match 'two'"),
    ]
    assert report.failed_units == ()
    assert report.audit == ""
    assert [stage for _, stage in report.timeline] == ["kernel", *STAGES, "multi-user"]
    times = [seconds for seconds, _ in report.timeline]
    assert times == sorted(times)
    assert times[-1] == report.multi_user_seconds
    assert 50 < report.memory_mb < 1024
    assert any("overlay end" in line for line in lines)
    require_told(tmp_path / "head", seen, report)

    about = read_image(image)
    with pytest.raises(ModpkgError, match="2 faults in the booted node"):
        require_healthy(report, about)
    well = dataclasses.replace(report, tests=tuple(result for result in report.tests if result.ok))
    require_healthy(well, about)


LAYERED_TESTS = {
    "core": (
        ModuleTest(name="the topmost layer wins", run="cat /etc/modpkg-test", stdout="^glue$"),
        ModuleTest(
            name="directories are joined",
            run="ls /usr/share/modpkg-test /usr/bin/systemctl | xargs",
            stdout="^/usr/bin/systemctl /usr/share/modpkg-test: glue tools$",
        ),
        ModuleTest(name="what a layer removes is gone", run="! test -e /etc/debian_version"),
        ModuleTest(name="each is mounted", run="grep -c ' squashfs ' /proc/mounts", stdout="^3$"),
        ModuleTest(
            name="changes go to memory", run="echo x >/etc/modpkg-test && cat /etc/modpkg-test", stdout="^x$"
        ),
    )
}


def test_a_node_stacks_the_layers_of_an_image(make_layered: MakeImage, tmp_path: Path) -> None:
    image = make_layered(tests=LAYERED_TESTS)
    report = boot_image(image, options=OPTIONS, work=tmp_path / "work")
    require_healthy(report, read_image(image))
    assert [result.name for result in report.tests] == [test.name for test in LAYERED_TESTS["core"]]
    assert [stage for _, stage in report.timeline] == ["kernel", *STAGES, "multi-user"]


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> list[Server]:
    """Keep the servers that boots make."""
    kept: list[Server] = []

    @contextmanager
    def keeping(content: Mapping[str, Path | bytes]) -> Iterator[Server]:
        with serving(content) as server:
            kept.append(server)
            yield server

    monkeypatch.setattr("modpkg.node.boot.serving", keeping)
    return kept


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Break the first download off behind 1 MiB, and keep which parts are asked for."""
    ranges: list[str] = []
    whole = Handler.do_GET

    def break_off(handler: Handler) -> None:
        ranges.append(f"{handler.path} {handler.headers.get('Range')}")
        if len(ranges) > 1:
            whole(handler)
            return
        content = handler.content["root.squashfs"]
        assert isinstance(content, Path)
        handler.send_response(200)
        handler.send_header("Content-Length", str(content.stat().st_size))
        handler.end_headers()
        handler.wfile.write(content.read_bytes()[: 1 << 20])

    monkeypatch.setattr(Handler, "do_GET", break_off)
    return ranges


@pytest.fixture
def changes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Change a byte of the image once it has been found good: the node alone can see it then."""

    def read(image: Path) -> ImageDirectory:
        about = read_image(image)
        content = bytearray((image / "root.squashfs").read_bytes())
        content[2 << 20] ^= 1
        (image / "root.squashfs").write_bytes(content)
        return about

    monkeypatch.setattr("modpkg.node.boot.read_image", read)


@pytest.mark.usefixtures("changes_later")
def test_a_broken_download_goes_on_and_a_changed_image_is_never_mounted(
    make_image: MakeImage, tmp_path: Path, asked: list[str], servers: list[Server]
) -> None:
    image = make_image(content=os.urandom(3 << 20))
    with pytest.raises(ModpkgError) as caught:
        boot_image(image, options=OPTIONS, work=tmp_path / "work")
    assert asked == ["/root.squashfs None", "/root.squashfs bytes=1048576-"]
    console = (tmp_path / "work/console.log").read_text()
    assert "cannot fetch" in console
    assert f"fetch end {3 << 20} bytes" in console
    assert "overlay start" not in console
    assert "verify failed: the image's sha256 is" in caught.value.what
    assert str(tmp_path / "work/console.log") in caught.value.hint
    (server,) = servers
    # Each report has those before it, those of stages without a network too.
    reported = [(event.stage, event.state) for event in parse_stages(server.reports[-1])]
    assert reported[0] == ("mounts", "start")
    assert reported[-1] == ("verify", "failed")


def test_a_kernel_that_panics_is_told_from_the_console(make_image: MakeImage, tmp_path: Path) -> None:
    with pytest.raises(ModpkgError, match="Kernel panic"):
        boot_image(
            make_image(content=b"x"),
            options=dataclasses.replace(OPTIONS, arguments=("rdinit=/nothing",)),
            work=tmp_path / "work",
        )


def test_a_machine_whose_time_is_over_is_ended(make_image: MakeImage, tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(ModpkgError, match="its time was over"):
        boot_image(
            make_image(content=b"x"),
            options=dataclasses.replace(OPTIONS, timeout_seconds=0.5),
            work=tmp_path / "work",
        )
    assert time.monotonic() - started < 15
    here = str(tmp_path)
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [command for command in commands if b"qemu-system" in command and here.encode() in command]
