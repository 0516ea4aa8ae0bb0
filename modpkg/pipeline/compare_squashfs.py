"""Two squashfs images path by path: unpacked and compared inside namespaces, where all owners can be made."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.host.files import remove_tree
from modpkg.host.mounts import in_memory
from modpkg.image.compare import PathDifference, compare_trees
from modpkg.model.document import Record
from modpkg.pipeline.apart import call
from modpkg.squashfs.pack import unpack, unpack_damaged

if TYPE_CHECKING:
    from modpkg.events import Sink
    from modpkg.host.namespaces import Mode

# A squashfs of packages is seldom pressed to less than a fifth; what does not fit memory goes to the disk.
PRESSED: Final = 5


class CompareJob(Record):
    """Two images: one as it should be, one that was found. `work` is an empty directory."""

    expected: Path
    found: Path
    work: Path


class Compared(Record):
    """What differs; `damage` says why the found image could not be read whole, or is ""."""

    differences: tuple[PathDifference, ...]
    damage: str = ""


def compare(job: CompareJob, *, sink: Sink) -> Compared:
    """Unpack both images and compare them. Runs as (mapped) root."""
    needed = PRESSED * (job.expected.stat().st_size + job.found.stat().st_size)
    place = job.work / "trees"
    with in_memory(place, needed=needed):
        ours, theirs = place / "expected", place / "found"
        unpack(job.expected, ours, sink=sink)
        damage = unpack_damaged(job.found, theirs, sink=sink)
        differences = compare_trees(ours, theirs) if theirs.is_dir() else ()
    remove_tree(place)
    return Compared(differences=differences, damage=damage)


def compare_squashfs(expected: Path, found: Path, *, work: Path, mode: Mode, sink: Sink) -> Compared:
    """Compare two images apart, in the directory `work`."""
    place = Path(tempfile.mkdtemp(dir=work, prefix="comparison."))
    job = CompareJob(expected=expected.absolute(), found=found.absolute(), work=place)
    return Compared.model_validate(call("compare", job, mode=mode, work=work, sink=sink))
