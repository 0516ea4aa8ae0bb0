"""Runs the head's servers, and lets them check their own configuration.

dnsmasq and nginx are the system's own programs; reports of nodes are taken in this process.
"""

from __future__ import annotations

import signal
import stat
import time
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.events import Output, Sink, StepSkipped, Warned, ignore
from modpkg.host import tools
from modpkg.host.run import run, running
from modpkg.node.granter import granting
from modpkg.node.grants import Grants
from modpkg.node.head import HeadPlaces
from modpkg.node.receiver import receiving
from modpkg.pipeline.head import current_generation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POLL_SECONDS: Final = 0.5
# Each server and the package that has it.
SERVERS: Final = {"dnsmasq": "dnsmasq-base", "nginx": "nginx-light"}


def check_head(root: Path, *, sink: Sink = ignore) -> dict[str, str]:
    """Let each server that is installed read its configuration in use; raises CommandError with what it says."""
    place = _in_use(HeadPlaces(root))
    answers: dict[str, str] = {}
    for server, package in SERVERS.items():
        if tools.find(server) is None:
            answers[server] = "not installed"
            sink(StepSkipped(f"check {server}", f"it is not installed: apt-get install {package}"))
            continue
        run(_words(server, place, check=True), sink=sink)
        answers[server] = "ok"
    return answers


def serve_head(root: Path, *, sink: Sink = ignore, until: Callable[[], bool] = lambda: False) -> None:
    """Run dnsmasq and nginx, and keep what nodes report, until `until` holds or the process is interrupted.

    A generation that is put in use meanwhile is taken over: dnsmasq starts again, nginx reads its
    configuration anew and ends no download. Raises ModpkgError when a server ends by itself.
    """
    places = HeadPlaces(root)
    place = _in_use(places)
    # Read before a server starts: a change after this is one to take over.
    generation = current_generation(places)
    with (
        granting(Grants(places.grants), places.grant_socket, sink=sink),
        receiving(places, sink=sink),
        running(_words("nginx", place), on_line=_teller("nginx", sink)) as web,
    ):
        while not until():
            with running(_words("dnsmasq", place), on_line=_teller("dnsmasq", sink)) as names:
                while not until() and current_generation(places) == generation:
                    _require_alive({"nginx": web.poll(), "dnsmasq": names.poll()})
                    time.sleep(POLL_SECONDS)
            if generation != current_generation(places):
                generation = current_generation(places)
                web.send_signal(signal.SIGHUP)
                sink(Warned(f"the head was changed: generation {generation} is in use"))


def _teller(program: str, sink: Sink) -> Callable[[str], None]:
    return lambda line: sink(Output(program, line.rstrip("\n")))


def _require_alive(statuses: dict[str, int | None]) -> None:
    for name, status in statuses.items():
        if status is not None:
            raise ModpkgError(
                f"cannot go on serving: {name} ended with status {status}",
                hint="--verbose shows what it wrote; `modpkg head --check` lets it read its configuration",
            )


def _in_use(places: HeadPlaces) -> Path:
    if not places.current.is_dir():
        raise ModpkgError(
            "cannot serve: there is no configuration yet", where=str(places.root), hint="make it: modpkg head"
        )
    closed = [
        folder for folder in (places.root, *places.root.parents) if not folder.stat().st_mode & stat.S_IXOTH
    ]
    if closed:
        # dnsmasq and nginx give up root's rights before they read.
        raise ModpkgError(
            "cannot serve: dnsmasq and nginx, as users of their own, cannot enter the folder of the head",
            where=str(closed[-1]),
            hint=f"chmod o+x {closed[-1]}, or work where all may enter: --work /srv/modpkg",
        )
    places.run.mkdir(exist_ok=True)
    return places.current


def _words(server: str, place: Path, *, check: bool = False) -> list[str | Path]:
    if server == "dnsmasq":
        mode = "--test" if check else "--keep-in-foreground"
        return [server, mode, f"--conf-file={place / 'dnsmasq.conf'}", "--log-facility=-", "--pid-file="]
    return [
        server,
        *(["-t"] if check else []),
        "-e",
        "stderr",
        "-p",
        place.parent,
        "-c",
        place / "nginx.conf",
    ]
