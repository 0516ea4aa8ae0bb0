"""Measures publications to a repository of many packages, beside createrepo_c, apt-ftparchive, aptly and reprepro.

Usage: python -m benchmarks.repository [--sizes 1000,10000] [--directory DIR] [--output json]
The packages are small, made once and kept in DIR, if one is given. A peer that is not installed is left out.
Each measured row is a process of its own, from its start to its end. Signatures of rpms are made for the one that is
added, not for those of the first publication, whose time would be rpmsign's alone. What gpg's agent takes is in no row:
it is no child of anybody.
Exit status: 0 where every figure is reached, 1 where one is not.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measure import Goal, Report, Row, measured, parser, say, show
from modpkg.events import Sink, ignore
from modpkg.host.run import run
from modpkg.model.repository import Repository
from modpkg.openpgp.agent import opened
from modpkg.openpgp.keys import find_or_make_key
from modpkg.openpgp.sign import Session, Signer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from modpkg.model.module import Module

SMALL: Final = 1000
LARGE: Final = 10_000
NOW: Final = 1_763_805_600
PERSON: Final = "Bench <bench@cluster.example>"
VERSIONS: Final = 5
MOST_GROWTH: Final = 4
MOST_MEGABYTES: Final = 150
MOST_CPU: Final = {
    f"add one to {SMALL}": 0.15,
    f"add one to {LARGE}": 0.5,
    f"first publication of {SMALL}": 2.0,
    f"promotion of {LARGE}": 0.4,
}
DOCUMENT: Final = Repository(name="bench", summary="A benchmark", channels=("testing", "stable"))


class QuickPen(Session):
    """Signs indices, and takes rpms as they are."""

    def rpm(self, path: Path, *, seconds: int) -> None:
        """Leave the package as it is."""


class QuickSigner(Signer):
    """Gives that pen."""

    @contextmanager
    def session(self, *, sink: Sink = ignore) -> Iterator[Session]:
        """Open it."""
        with opened(self.home, sink=sink) as path:
            yield QuickPen(key=self.key, path=path)


def main() -> int:
    """Measure and print."""
    if sys.argv[1:2] == ["--child"]:
        return child(sys.argv[2], Path(sys.argv[3]), *map(int, sys.argv[4:]))
    options = _parser().parse_args()
    report = Report(title="Publications of .deb and .rpm pairs; peers: one .deb or one .rpm")
    with tempfile.TemporaryDirectory() as name:
        place = Path(options.directory or name)
        for size in map(int, options.sizes.split(",")):
            measure(report, place / str(size), size)
    add_goals(report)
    return show(report, output=options.output)


def measure(report: Report, place: Path, size: int) -> None:
    """Measure one size of repository; its packages stay for the next run."""
    if not (place / "made").exists():
        say(f"making {size} pairs of packages")
        measured("", _child("make", place, size))
        (place / "made").touch()
    shutil.rmtree(place / "repository", ignore_errors=True)
    for name, what in (
        (f"first publication of {size}", "first"),
        (f"add one to {size}", "add"),
        (f"promotion of {size}", "promote"),
        (f"refresh of {size}", "refresh"),
        (f"rebuild the index of {size}", "rebuild"),
    ):
        row, done = measured(name, _child(what, place, size))
        inside = json.loads(done.stdout)
        note = f"{inside['megabytes']:.0f} MB; without start-up {inside['cpu']:.2f} s of the processor"
        report.rows.append(replace(row, name=f"modpkg: {name}", note=note))
        if inside["megabytes"] > MOST_MEGABYTES and what == "add":
            report.failures.append(f"{name}: {inside['megabytes']:.0f} MB")
    report.rows += peers(place, size)


def add_goals(report: Report) -> None:
    """Compare with the figures to reach those rows that were measured."""
    found = {row.name.removeprefix("modpkg: "): row.cpu for row in report.rows}
    for name, most in MOST_CPU.items():
        if name in found:
            report.goals.append(Goal(name=name, value=found[name], most=most, unit="s"))
    small, large = (found.get(f"add one to {size}") for size in (SMALL, LARGE))
    if small and large:
        growth = Goal(name="growth of add one", value=large / small, most=MOST_GROWTH, unit="x")
        report.goals.append(growth)


def child(what: str, place: Path, size: int) -> int:
    """Do one thing in this process and tell what it took."""
    from modpkg.host.run import Stopwatch  # noqa: PLC0415 - as late as what is measured

    watch = Stopwatch.started()
    if what == "make":
        make(place, size)
    else:
        publish(what, place)
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    high_water = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    print(json.dumps({"cpu": watch.cpu_seconds, "megabytes": high_water / 1024}))
    return 0


def publish(what: str, place: Path) -> None:
    """Change the repository once, as the commands do."""
    from modpkg.pipeline import change, publish  # noqa: PLC0415 - start-up is measured too

    key, _ = find_or_make_key(place.parent / "gnupg", "bench <bench@cluster.example>")
    signer = Signer(key=key, home=place.parent / "gnupg")
    target = publish.Target(repository=place / "repository", document=DOCUMENT, channel="testing")
    if what == "first":
        packages = [
            path for path in sorted((place / "packages").iterdir()) if path.suffix in {".deb", ".rpm"}
        ]
        publish.publish(packages, target=target, signer=QuickSigner(key=key, home=signer.home), now=NOW)
    elif what == "add":
        publish.publish(sorted((place / "one").iterdir()), target=target, signer=signer, now=NOW + 1)
    elif what == "promote":
        from modpkg.pipeline import promote  # noqa: PLC0415

        stable = replace(target, channel="stable")
        change.carry_out(promote.promotion("testing"), target=stable, signer=signer, now=NOW + 2)
    elif what == "refresh":
        from modpkg.pipeline import refresh  # noqa: PLC0415

        change.carry_out(refresh.refreshed, target=target, signer=signer, now=NOW + 3)
    else:
        from modpkg.pipeline.rebuild_index import rebuild_index  # noqa: PLC0415

        rebuild_index(target.repository)


def make(place: Path, size: int) -> None:
    """Make pairs of packages of made-up modules, each with a handful of versions, and one that is new."""
    # What a publication does not load must not count as its start.
    from modpkg.deb.write import write_deb  # noqa: PLC0415
    from modpkg.rpm.write import write_rpm  # noqa: PLC0415

    for number in range(size + 1):
        name, revision = f"module-{number // VERSIONS:04}", number % VERSIONS + 1
        module = module_of(name, f"1.0.{revision}-{revision}")
        directory = place / ("packages" if number < size else "one")
        fragment = directory / "fragment"
        directory.mkdir(parents=True, exist_ok=True)
        fragment.write_bytes(f"{name} {revision}".encode())
        for write in (write_deb, write_rpm):
            write(module, fragment=fragment, documents={}, directory=directory)
        fragment.unlink()


def module_of(name: str, version: str) -> Module:
    """Give a module whose stanza and XML are as long as those of real ones."""
    from modpkg.model.module import Module  # noqa: PLC0415 - as in `make`

    content = f"{name} {version[-1]}".encode()
    revision = int(version.rpartition("-")[2])
    entry = {"date": "2025-01-01T00:00:00Z", "author": PERSON, "urgency": "low"}
    log = [{**entry, "version": f"1.0.{r}-{r}", "changes": ["Something."]} for r in range(revision, 0, -1)]
    return Module.model_validate(
        {
            "name": name,
            "version": version,
            "platform": "bookworm",
            "architecture": "amd64",
            "source_date_epoch": 1735689600,
            "inputs": "0" * 64,
            "summary": "a module made up for a benchmark",
            "description": "It holds nothing that a node could use.\n\nIt is one of many.\n",
            "license": "GPL-3.0-or-later",
            "homepage": "https://cluster.example/",
            "maintainer": PERSON,
            "changelog": log,
            "fragment": {
                "sha256": hashlib.sha256(content).hexdigest(),
                "size": len(content),
                "uncompressed_size": len(content),
                "compression": "zstd",
                "level": 1,
                "block_size": 131072,
            },
            "packages": [],
            "paths": {},
        }
    )


def peers(place: Path, size: int) -> Iterator[Row]:
    """Measure what the others take to add one package to a repository of the same packages."""
    scratch = place / "peers"
    shutil.rmtree(scratch, ignore_errors=True)
    for kind in ("deb", "rpm"):
        (scratch / kind).mkdir(parents=True)
        for path in (place / "packages").glob(f"*.{kind}"):
            os.link(path, scratch / kind / path.name)
    new = {path.suffix[1:]: path for path in (place / "one").iterdir()}
    for name, add in (
        ("createrepo_c", _createrepo_c),
        ("apt-ftparchive", _apt_ftparchive),
        ("aptly", _aptly),
        ("reprepro", _reprepro),
    ):
        if shutil.which(name):
            row = add(scratch, new)
            yield replace(row, name=f"{name}: add one to {size}")
    shutil.rmtree(scratch)


def _createrepo_c(scratch: Path, new: Mapping[str, Path]) -> Row:
    words = ["createrepo_c", "--quiet", "--no-database", "--update", scratch / "rpm"]
    run(words)
    os.link(new["rpm"], scratch / "rpm" / new["rpm"].name)
    return replace(
        measured("createrepo_c", words)[0], note="--update --no-database, one .rpm, nothing signed"
    )


def _apt_ftparchive(scratch: Path, new: Mapping[str, Path]) -> Row:
    script = "apt-ftparchive --db cache.db packages deb > Packages && gzip -kf Packages && apt-ftparchive release ."
    words = ["sh", "-c", f"cd {shlex.quote(str(scratch))} && {script} > ../Release"]
    run(words)
    os.link(new["deb"], scratch / "deb" / new["deb"].name)
    return replace(
        measured("apt-ftparchive", words)[0], note="with its cache, gzip, one .deb, nothing signed"
    )


def _aptly(scratch: Path, new: Mapping[str, Path]) -> Row:
    config = scratch / "aptly.conf"
    config.write_text(json.dumps({"rootDir": str(scratch / "aptly"), "architectures": ["amd64"]}))
    aptly = ["aptly", f"-config={config}"]
    run([*aptly, "repo", "create", "bench"])
    run([*aptly, "repo", "add", "bench", scratch / "deb"])
    run([*aptly, "publish", "repo", "-skip-signing", "-skip-contents", "-distribution=testing", "bench"])
    added, _ = measured("aptly", [*aptly, "repo", "add", "bench", new["deb"]])
    shown, _ = measured("aptly", [*aptly, "publish", "update", "-skip-signing", "-skip-contents", "testing"])
    wall, cpu = added.wall + shown.wall, added.cpu + shown.cpu
    return Row(name="aptly", wall=wall, cpu=cpu, note="repo add and publish update, one .deb, nothing signed")


def _reprepro(scratch: Path, new: Mapping[str, Path]) -> Row:
    base = scratch / "reprepro"
    (base / "conf").mkdir(parents=True)
    lines = ("Codename: testing", "Components: main", "Architectures: amd64")
    (base / "conf/distributions").write_text("".join(f"{line}\n" for line in lines))
    words = [
        "reprepro",
        "--basedir",
        base,
        "--section",
        "misc",
        "--priority",
        "optional",
        "includedeb",
        "testing",
    ]
    run([*words, *sorted((scratch / "deb").iterdir())])
    return replace(measured("reprepro", [*words, new["deb"]])[0], note="keeps one version of each package")


def _child(what: str, place: Path, size: int) -> list[str | Path]:
    return [sys.executable, "-m", "benchmarks.repository", "--child", what, place, str(size)]


def _parser() -> argparse.ArgumentParser:
    made = parser(__doc__)
    made.add_argument("--sizes", default=f"{SMALL},{LARGE}", help="pairs of packages, separated by commas")
    made.add_argument("--directory", help="where packages are made and kept; by default nowhere for long")
    return made


if __name__ == "__main__":
    sys.exit(main())
