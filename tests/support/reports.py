"""Heads with nodes that report, and reports as nodes send them."""

from __future__ import annotations

import http.client
import json
import socket
import uuid
from typing import TYPE_CHECKING

from modpkg.node.event_log import EventLogs
from modpkg.node.event_text import parse_report
from modpkg.node.head import HeadPlaces

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "compute_12.0.3-67.bcdfghjklm_0123456789ab"
STAGES = ("mounts", "modules", "network", "fetch", "verify", "overlay", "hand-over")
UP = "used-kib=300000 total-kib=2000000 failed="


def mac_of(number: int) -> str:
    return f"52:54:00:00:{number // 256:02x}:{number % 256:02x}"


def head_with(root: Path, count: int) -> HeadPlaces:
    """Make what a head has of so many nodes: n0, n1 and so on."""
    places = HeadPlaces(root)
    generation = places.generations / "0123456789abcdef"
    (generation / "node").mkdir(parents=True)
    places.current.symlink_to("generations/0123456789abcdef")
    for number in range(count):
        (generation / "node" / f"{mac_of(number)}.json").write_text(json.dumps({"name": f"n{number}"}))
    hosts = "".join(f"{mac_of(number)},10.0.0.{number % 250},n{number}\n" for number in range(count))
    (generation / "hosts").write_text(hosts)
    return places


def boot_id() -> str:
    return str(uuid.uuid4())


def lines_of(*stages: str, since: float = 1.0) -> list[str]:
    """Give the lines of stages that went well, a second each."""
    return [
        f"modpkg: {since + number + half:.2f} {stage} {word}"
        for number, stage in enumerate(stages)
        for half, word in ((0, "start"), (0.5, "end"))
    ]


def body(boot: str, *lines: str, image: str = IMAGE) -> bytes:
    return "".join(f"{line}\n" for line in (f"modpkg-boot: {boot} {image}", *lines)).encode()


def tell(root: Path, node: str, boot: str, *lines: str, at: float = 1_800_000_000.0) -> None:
    """Keep a report without a receiver."""
    EventLogs(HeadPlaces(root).events).add(node, parse_report(body(boot, *lines), at=at))


class UnixConnection(http.client.HTTPConnection):
    """HTTP to a socket in the file system, as nginx speaks it to the receiver."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


def post(path: Path, mac: str, data: bytes) -> tuple[int, str]:
    """Send a report; give the status and what was said."""
    connection = UnixConnection(path)
    try:
        connection.request("POST", f"/event/{mac}", body=data)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
