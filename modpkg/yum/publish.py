"""Writes the yum repository of one snapshot. Never touches one that is there: clients may be reading it.

A client learns of a snapshot from its channel's mirror list, a file of one line. `rpm/<channel>` is a link
for clients that want a base URL; between repomd.xml and its signature they can meet two snapshots.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

import createrepo_c

from modpkg.formats.frames import framed
from modpkg.host.files import new_directory, write_atomically
from modpkg.model.repository import Replacement, Repository, Snapshot, address_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.formats.frames import Framed, Frames
    from modpkg.openpgp.sign import Session

PRIMARY: Final = "primary"
COMMON: Final = "http://linux.duke.edu/metadata/common"
RPM: Final = "http://linux.duke.edu/metadata/rpm"
OPENINGS: Final = {
    PRIMARY: f'<metadata xmlns="{COMMON}" xmlns:rpm="{RPM}" packages="%d">',
    "filelists": '<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="%d">',
    "other": '<otherdata xmlns="http://linux.duke.edu/metadata/other" packages="%d">',
}
CLOSINGS: Final = {PRIMARY: "</metadata>", "filelists": "</filelists>", "other": "</otherdata>"}


def write_snapshot(
    www: Path,
    digests: Sequence[str],
    *,
    frames: Frames,
    snapshot: Snapshot,
    document: Repository,
    session: Session,
) -> tuple[Replacement, ...]:
    """Write the repository of a snapshot below `www`; give the replacements that commit it.

    `digests` are those of the rpms, in the order that the indices are to have.
    """
    directory = www / "rpm" / snapshot_name(snapshot.id)
    with new_directory(directory) as scratch:
        repodata = scratch / "repodata"
        repodata.mkdir()
        repomd = _write_repodata(repodata, digests, frames, date=snapshot.date)
        write_atomically(repodata / "repomd.xml", repomd)
        write_atomically(repodata / "repomd.xml.asc", session.detached(repomd, seconds=snapshot.date))
        if snapshot.parent:
            _keep_older(www / "rpm" / snapshot_name(snapshot.parent) / "repodata", repodata)
        for path in (scratch, repodata):
            path.chmod(0o755)
    address = f"{address_of(www, document)}/rpm/{snapshot_name(snapshot.id)}/\n"
    return (
        Replacement(path=f"rpm/{snapshot.channel}.mirrorlist", kind="text", content=address),
        Replacement(path=f"rpm/{snapshot.channel}", kind="link", content=snapshot_name(snapshot.id)),
    )


def snapshot_name(identity: str) -> str:
    """Give the name of a snapshot's directory."""
    return f"snap-{identity}"


def render_index(kind: str, digests: Sequence[str], frames: Frames) -> Framed:
    """Give one of the three indices: "primary", "filelists" or "other"."""
    opening = f'<?xml version="1.0" encoding="UTF-8"?>\n{OPENINGS[kind] % len(digests)}\n'
    return framed(kind, digests, frames, opening=opening.encode(), closing=f"{CLOSINGS[kind]}\n".encode())


def _write_repodata(repodata: Path, digests: Sequence[str], frames: Frames, *, date: int) -> str:
    repomd = createrepo_c.Repomd()
    repomd.set_revision(str(date))
    for kind in OPENINGS:
        index = render_index(kind, digests, frames)
        packed = index.packed
        sha256 = hashlib.sha256(packed).hexdigest()
        name = f"{sha256}-{kind}.xml.gz"
        write_atomically(repodata / name, packed, sha256=sha256)
        record = createrepo_c.RepomdRecord(kind, None)
        record.location_href = f"repodata/{name}"
        record.checksum_type = record.checksum_open_type = "sha256"
        record.checksum, record.checksum_open = sha256, index.sha256
        record.size, record.size_open = len(packed), index.size
        record.timestamp = date
        repomd.set_record(record)
    return str(repomd.xml_dump())


def _keep_older(parent: Path, repodata: Path) -> None:
    # A client that read repomd.xml through the link just before it moved then finds the files it names.
    repomd = parent / "repomd.xml"
    if not repomd.exists():
        return
    for record in createrepo_c.Repomd(str(repomd)).records:
        name = record.location_href.rpartition("/")[2]
        if not (repodata / name).exists():
            os.link(parent / name, repodata / name)
