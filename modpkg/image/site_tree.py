"""Makes the squashfs of a site layer. Runs inside namespaces, as (mapped) root: owners are the layer's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.files import remove_tree
from modpkg.image.site import SiteLayer
from modpkg.model.document import Record
from modpkg.model.image import SITE
from modpkg.rootfs.inventory import inventory
from modpkg.rootfs.normalize import DIRECTORY_TIME, set_times, strip_attributes
from modpkg.squashfs.pack import Settings, pack_tree, unpack

if TYPE_CHECKING:
    from modpkg.events import Sink
    from modpkg.image.site import SiteEntry

# Not a platform's, so that equal layers are equal bytes whatever they lie on.
SETTINGS: Final = Settings(level=15, block_size=131072, time=DIRECTORY_TIME)
SHOWN: Final = 10


class SiteJob(Record):
    """A layer to write as `site.squashfs` into the empty directory `work`."""

    layer: SiteLayer
    work: Path


class SiteBuilt(Record):
    """The file that was made."""

    file: Path


def build_site(job: SiteJob, sink: Sink) -> SiteBuilt:
    """Write the layer's squashfs and read it back. Raises ModpkgError where it is not what was worked out."""
    tree, built = job.work / "tree", job.work / SITE
    tree.mkdir()
    for path, entry in job.layer.entries.items():
        _put(tree / path, entry)
    strip_attributes(tree)
    set_times(tree, source_date_epoch=DIRECTORY_TIME)
    _compare(tree, job.layer, "cannot make the site layer: files changed while it was made")
    pack_tree(tree, built, SETTINGS, sink=sink)
    unpack(built, job.work / "read-back", sink=sink)
    _compare(
        job.work / "read-back", job.layer, "cannot trust the site layer: it reads back otherwise than written"
    )
    remove_tree(tree)
    remove_tree(job.work / "read-back")
    return SiteBuilt(file=built)


def _put(path: Path, entry: SiteEntry) -> None:
    # Parents come first: paths are sorted.
    kind, mode, user, group, *_ = entry.line.split()
    if kind == "dir":
        path.mkdir()
    elif entry.target is not None:
        path.symlink_to(entry.target)
    elif entry.source is not None:
        shutil.copyfile(entry.source, path, follow_symlinks=False)
    else:
        path.write_text(entry.text or "", encoding="utf-8")
    os.chown(path, int(user), int(group), follow_symlinks=False)
    if kind != "symlink":
        # After chown, which takes setuid bits away.
        path.chmod(int(mode, 8))


def _compare(tree: Path, layer: SiteLayer, what: str) -> None:
    found, wanted = inventory(tree), {path: entry.line for path, entry in layer.entries.items()}
    paths = sorted({path for path, _ in found.items() ^ wanted.items()})
    if paths:
        lines = [
            f"/{path}: {found.get(path, 'missing')}, not {wanted.get(path, 'missing')}" for path in paths
        ]
        raise ModpkgError("\n    ".join([f"{what} ({len(paths)}):", *lines[:SHOWN]]), hint="build it again")
