"""One change of a repository in a process of its own: what `benchmarks.repository` measures, and nothing else.

It loads what the commands load, and no more; what it prints is read by the benchmark.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.events import Sink, ignore
from modpkg.formats.remembered import read_repository, remember_repository
from modpkg.host.run import Stopwatch
from modpkg.model.repository import Places
from modpkg.openpgp.agent import opened
from modpkg.openpgp.keys import find_or_make_key
from modpkg.openpgp.sign import Session, Signer
from modpkg.pipeline.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT: Final = "project/repo/repository.yaml"
# What modpkg.cli.command sets for each command; it freezes what is left at the end, too.
OBJECTS_BEFORE_COLLECTION: Final = 50_000
NOW: Final = 1_763_805_600
OWNER: Final = "bench <bench@cluster.example>"


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
    """Make one change; tell the seconds of the processor that it took, and the most memory."""
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    what, place = sys.argv[1], Path(sys.argv[2])
    watch = Stopwatch.started()
    change(what, place)
    programs = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    high_water = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    facts = {
        "work": watch.cpu_seconds,
        "programs": programs.ru_utime + programs.ru_stime,
        "megabytes": high_water / 1024,
    }
    print(json.dumps(facts))
    gc.freeze()
    return 0


def change(what: str, place: Path) -> None:
    """Change the repository once, as the commands do."""
    repository = place / "repository"
    record = Places(repository).description
    document = read_repository(place / DOCUMENT, record=record)
    key, _ = find_or_make_key(place.parent / "gnupg", OWNER)
    signer = Signer(key=key, home=place.parent / "gnupg")
    target = Target(repository=repository, document=document, channel="testing")
    if what in {"first", "add"}:
        publish(what, place, target, signer)
    elif what == "promote":
        from modpkg.pipeline import change, promote  # noqa: PLC0415 - start-up is measured too

        stable = Target(repository=target.repository, document=document, channel="stable")
        change.carry_out(promote.promotion("testing"), target=stable, signer=signer, now=NOW + 2)
    elif what == "refresh":
        from modpkg.pipeline import change, refresh  # noqa: PLC0415

        change.carry_out(refresh.refreshed, target=target, signer=signer, now=NOW + 3)
    else:
        from modpkg.pipeline.rebuild_index import rebuild_index  # noqa: PLC0415

        rebuild_index(target.repository)
    remember_repository(place / DOCUMENT, record=record)


def publish(what: str, place: Path, target: Target, signer: Signer) -> None:
    """Publish all packages without signing rpms, or the one that is new."""
    from modpkg.pipeline import publish  # noqa: PLC0415 - start-up is measured too

    if what == "first":
        packages = [
            path for path in sorted((place / "packages").iterdir()) if path.suffix in {".deb", ".rpm"}
        ]
        quick = QuickSigner(key=signer.key, home=signer.home)
        publish.publish(packages, target=target, signer=quick, now=NOW, inputs={})
    else:
        new = sorted((place / "one").iterdir())
        publish.publish(new, target=target, signer=signer, now=NOW + 1, inputs={})


if __name__ == "__main__":
    sys.exit(main())
