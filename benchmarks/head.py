"""Measures how long the head's configuration takes: documents read and checked, files written and put in use.

Usage: ./bootstrap python -m benchmarks.head [--nodes N] [--rounds N] [--output json]
Exit status: 0 where the figure is reached, 1 where it is not. The best of all rounds counts: it is the one that
other work on the machine disturbed least.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from benchmarks.measure import CHECKOUT, Goal, Report, Row, parser, show
from modpkg.formats.node_documents import load_nodes
from modpkg.host.files import temporary_directory
from modpkg.host.run import Stopwatch
from modpkg.model.image import Image, ImageDirectory, ImageFile
from modpkg.node.dnsmasq import PROGRAMS
from modpkg.pipeline.head import plan_head, write_head

if TYPE_CHECKING:
    from pathlib import Path

NODES: Final = 5000
MOST_SECONDS: Final = 3.0
FILES: Final = ("initrd", "root.squashfs", "vmlinuz")
CLUSTER: Final = """\
name: beo
address: 10.0.0.1
dhcp: {mode: full, interface: eth1, network: 10.0.0.0/16, router: 10.0.0.254}
roles: {compute: [slurmd.service]}
"""
GROUPS: Final = """\
groups:
  compute:
    nodes: beo-[00001-{last:05}]
    first-address: 10.0.16.1
    image: compute
    roles: [compute]
    kernel-arguments: [quiet, "console=ttyS0,115200n8"]
    mounts:
      /home: {{source: "10.0.0.1:/home"}}
"""


def main() -> int:
    """Make the documents of a cluster, measure, and print the table."""
    options = parser(__doc__)
    options.add_argument("--nodes", type=int, default=NODES)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    report = Report(title=f"the head of {chosen.nodes} nodes")
    rounds = [_measure(chosen.nodes) for _ in range(chosen.rounds)]
    report.rows += min(rounds, key=_seconds)
    report.goals.append(Goal(name="all", value=_seconds(report.rows), most=MOST_SECONDS, unit="s"))
    return show(report, output=chosen.output)


def _seconds(rows: list[Row]) -> float:
    return sum(row.wall for row in rows)


def _measure(count: int) -> list[Row]:
    with temporary_directory(CHECKOUT / "build", prefix=".head.") as place:
        _documents(place, count)
        watch = Stopwatch.started()
        nodes = load_nodes(place / "recipes")
        rows = [Row(name="read and check documents", wall=watch.seconds, cpu=watch.cpu_seconds)]
        watch, head = Stopwatch.started(), place / "head"
        plan = plan_head(nodes, {"compute": (place / "image", _about())}, root=head, ipxe=place / "ipxe")
        note = f"{len(plan.files)} files"
        rows.append(Row(name="plan", wall=watch.seconds, cpu=watch.cpu_seconds, note=note))
        watch = Stopwatch.started()
        write_head(plan, head)
        return [*rows, Row(name="write, put in use", wall=watch.seconds, cpu=watch.cpu_seconds)]


def _documents(place: Path, count: int) -> None:
    recipes = place / "recipes"
    for folder in ("nodes", "images", "disks"):
        (recipes / folder).mkdir(parents=True)
    (recipes / "cluster.yaml").write_text(CLUSTER)
    (recipes / "images/compute.yaml").touch()
    macs = (f"  beo-{n:05}: 52:54:00:00:{n // 256:02x}:{n % 256:02x}\n" for n in range(1, count + 1))
    (recipes / "nodes/all.yaml").write_text("macs:\n" + "".join(macs) + GROUPS.format(last=count))
    for folder, names in (("image", (*FILES, "image.json")), ("ipxe", PROGRAMS)):
        (place / folder).mkdir()
        for name in names:
            (place / folder / name).write_text(name)


def _about() -> ImageDirectory:
    return ImageDirectory(
        name="compute",
        image=Image(version="12.0.3-67.bcdfghjklm", platform="bookworm", architecture="amd64", modules=()),
        kernel="6.1.0",
        kernel_arguments=(),
        files={name: ImageFile(size=1, sha256="0" * 64) for name in FILES},
        waits_for_site=(),
        tests={},
    )


if __name__ == "__main__":
    sys.exit(main())
