"""Writes the yum repository of one snapshot. Never touches one that is there: clients may be reading it.

A client learns of a snapshot from its channel's mirror list, a file of one line. `rpm/<channel>` is a link
for clients that want a base URL; between repomd.xml and its signature they can meet two snapshots.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from modpkg.formats.frames import Text, grouped
from modpkg.host.files import new_directory, write_atomically
from modpkg.model.repository import Replacement, Repository, Snapshot, address_of
from modpkg.yum.repomd import file_name, names_in, render_repomd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.formats.frames import Facts, Frames, Group
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
        repomd = _write_repodata(repodata, digests, frames, rpm=www / "rpm", date=snapshot.date)
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


def index_of(kind: str, groups: Sequence[Group], frames: Frames) -> Text:
    """Give one of the three indices: "primary", "filelists" or "other"."""
    count = sum(len(group.digests) for group in groups)
    opening = f'<?xml version="1.0" encoding="UTF-8"?>\n{OPENINGS[kind] % count}\n'
    closing = f"{CLOSINGS[kind]}\n"
    return Text(kind=kind, groups=groups, frames=frames, opening=opening.encode(), closing=closing.encode())


def _write_repodata(repodata: Path, digests: Sequence[str], frames: Frames, *, rpm: Path, date: int) -> str:
    groups = grouped(digests)
    indices = {kind: _write_index(repodata, index_of(kind, groups, frames), rpm=rpm) for kind in OPENINGS}
    return render_repomd(indices, date=date)


def _write_index(repodata: Path, text: Text, *, rpm: Path) -> Facts:
    facts = text.known()
    if facts is None or not _is_there(repodata, file_name(text.kind, facts), rpm=rpm):
        made = text.make()
        facts = made.facts
        path = repodata / file_name(text.kind, facts)
        write_atomically(path, made.packed, sha256=facts.packed_sha256)
    return facts


def _is_there(repodata: Path, name: str, *, rpm: Path) -> bool:
    # What is promoted has the same index in the channel that it comes from: a link leads to its snapshot.
    for channel in sorted(path for path in rpm.iterdir() if path.is_symlink()):
        if (channel / "repodata" / name).is_file():
            with suppress(OSError):  # a kernel that protects links to other people's files
                os.link(channel / "repodata" / name, repodata / name)
                return True
    return False


def _keep_older(parent: Path, repodata: Path) -> None:
    # A client that read repomd.xml through the link just before it moved then finds the files it names.
    repomd = parent / "repomd.xml"
    if not repomd.exists():
        return
    for name in names_in(repomd.read_text(encoding="utf-8")):
        if not (repodata / name).exists():
            os.link(parent / name, repodata / name)
