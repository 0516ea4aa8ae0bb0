"""Measures publications to a repository of many packages, beside createrepo_c, apt-ftparchive, aptly and reprepro.

Usage: python -m benchmarks.repository [--sizes 1000,10000] [--directory DIR] [--output json]
The packages are small, made once and kept in DIR, if one is given. A peer that is not installed is left out.
Each measured row is a process of its own, from its start to its end; its parts stand beside it. Figures to reach are
held against these rows: the whole process, Python's start included. Whole commands have rows of their own.
Signatures of rpms are made for the one that is added, not for those of the first publication, whose time would be
rpmsign's alone. What gpg's agent takes is in no row: it is no child of anybody.
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
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measure import Goal, Report, Row, measured, parser, say, show
from benchmarks.publisher import DOCUMENT
from modpkg.host.run import run

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from modpkg.model.module import Module

SMALL: Final = 1000
LARGE: Final = 10_000
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
REPOSITORY: Final = "name: bench\nsummary: A benchmark\nchannels: [testing, stable, other]\n"


def main() -> int:
    """Measure and print."""
    if sys.argv[1:2] == ["--make"]:
        make(Path(sys.argv[2]), int(sys.argv[3]))
        return 0
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
    if not (place / "two").exists():
        say(f"making {size} pairs of packages")
        measured("", [sys.executable, "-m", "benchmarks.repository", "--make", place, str(size)])
    # Not deleted before the end: for minutes ext4 looks at each inode that was just deleted whenever it makes a file.
    if (place / "repository").exists():
        (place / "repository").rename(place / "old")
    (place / "project/repo").mkdir(parents=True, exist_ok=True)
    (place / "project/recipes").mkdir(exist_ok=True)
    (place / DOCUMENT).write_text(REPOSITORY)
    for name, what in (
        (f"first publication of {size}", "first"),
        (f"add one to {size}", "add"),
        (f"promotion of {size}", "promote"),
        (f"refresh of {size}", "refresh"),
        ("", "commands"),
        (f"rebuild the index of {size}", "rebuild"),
    ):
        if what == "commands":
            report.rows += commands(place, size)
            continue
        row, done = measured(name, [sys.executable, "-m", "benchmarks.publisher", what, place])
        inside = json.loads(done.stdout)
        start, work = row.cpu - inside["work"], inside["work"] - inside["programs"]
        parts = f"start {start:.2f} s, work {work:.2f}, gpg and rpmsign {inside['programs']:.2f}"
        note = f"{parts}; {inside['megabytes']:.0f} MB"
        report.rows.append(replace(row, name=f"modpkg: {name}", note=note))
        if inside["megabytes"] > MOST_MEGABYTES and what == "add":
            report.failures.append(f"{name}: {inside['megabytes']:.0f} MB")
    report.rows += peers(place, size)
    shutil.rmtree(place / "old", ignore_errors=True)


def commands(place: Path, size: int) -> Iterator[Row]:
    """Measure whole commands, which read documents and answer people, on the same repository.

    The first one is the least that any command takes: the program, its list of commands.
    """
    program = Path(sys.executable).with_name("modpkg")
    env = {"MODPKG_GNUPGHOME": str(place.parent / "gnupg"), "MODPKG_WORK": str(place)}
    for name, words in (
        ("--version", ("--version",)),
        ("refresh --channel testing", ("refresh", "--channel", "testing")),
        ("promote testing other", ("promote", "testing", "other")),
        ("publish --packages", ("publish", "--packages", place / "two", "--channel", "testing")),
    ):
        row, _ = measured(f"modpkg {name}", [program, *words], env=env, cwd=place / "project")
        yield replace(row, name=f"the command modpkg {name}", note=f"{size} pairs")


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


def make(place: Path, size: int) -> None:
    """Make pairs of packages of made-up modules, each with a handful of versions, and two that are new."""
    # What a publication does not load must not count as its start.
    from modpkg.deb.write import write_deb  # noqa: PLC0415
    from modpkg.rpm.write import write_rpm  # noqa: PLC0415

    fragment = place / "fragment"
    # A directory of an older benchmark has all but the last.
    for number in range(size + 1 if (place / "one").exists() else 0, size + 2):
        name, revision = f"module-{number // VERSIONS:04}", number % VERSIONS + 1
        module = module_of(name, f"1.0.{revision}-{revision}")
        directory = place / ("packages" if number < size else ("one", "two")[number - size])
        directory.mkdir(parents=True, exist_ok=True)
        fragment.write_bytes(f"{name} {revision}".encode())
        for write in (write_deb, write_rpm):
            write(module, fragment=fragment, documents={}, directory=directory)


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


def _parser() -> argparse.ArgumentParser:
    made = parser(__doc__)
    made.add_argument("--sizes", default=f"{SMALL},{LARGE}", help="pairs of packages, separated by commas")
    made.add_argument("--directory", help="where packages are made and kept; by default nowhere for long")
    return made


if __name__ == "__main__":
    sys.exit(main())
