"""Packages that try to get out of their place, and a publisher that signs them all the same."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.deb import ar, tar
from modpkg.deb.read import read_control
from modpkg.formats.stored import frame
from modpkg.pipeline.pairs import read_pairs
from modpkg.pipeline.pool import add_to_pool
from modpkg.pipeline.signing import add_signed
from modpkg.pipeline.switch import new_snapshot, switch_to

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repos import Workshop

MODE, OTHERS = 0o100644, "is neither a file nor a directory"
REASONS = {
    "climbing": "leads out of the package",
    "absolute": "leads out of the package",
    "symlink": OTHERS,
    "hardlink": OTHERS,
    "device": OTHERS,
    "bomb": "its content is compressed, not stored",
}
BOMB_BYTES = 64 << 20


def _special(name: str, kind: bytes, target: str = "") -> bytes:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry.tobuf(tarfile.USTAR_FORMAT)


def _file(name: str) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size = 5
    return entry.tobuf(tarfile.USTAR_FORMAT) + b"evil\n" + tar.padding(5)


def evil_data(kind: str) -> bytes:
    """Give the data.tar.gz of an evil package."""
    archives = {
        "climbing": _file("./../../../etc/evil"),
        "absolute": _file("/etc/evil"),
        "symlink": _special("./usr/out", tarfile.SYMTYPE, "/etc") + _file("./usr/out/evil"),
        "hardlink": _special("./usr/evil", tarfile.LNKTYPE, "../../etc/passwd"),
        "device": _special("./usr/evil", tarfile.BLKTYPE),
        "bomb": bytes(BOMB_BYTES),
    }
    content = archives[kind] + tar.END
    return gzip.compress(content, mtime=0) if kind == "bomb" else frame(content)


def evil_deb(like: Path, directory: Path, kind: str) -> Path:
    """Write a .deb with the name of another one and an evil content."""
    # Without the field nobody looks for a module.json, which it does not have.
    fields = {name: value for name, value in read_control(like).items() if name != "Modpkg-Module"}
    control = "".join(f"{name}: {value}\n" for name, value in fields.items()).encode()
    archive = tar.header("control", mode=MODE, size=len(control), mtime=0) + control
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": frame(archive + tar.padding(len(control)) + tar.END),
        "data.tar.gz": evil_data(kind),
    }
    path = directory / like.name
    directory.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.write(ar.MAGIC)
        for name, data in members.items():
            stream.write(ar.header(name, len(data), 0) + data + ar.padding(len(data)))
    return path


def edited_rpm(path: Path, old: bytes, new: bytes) -> Path:
    """Change text of an rpm's header, of the same length, and make its digest agree."""
    assert len(old) == len(new)
    content = path.read_bytes()
    start = content.index(bytes.fromhex("8eade801"), content.index(bytes.fromhex("8eade801")) + 1)
    count, size = (int.from_bytes(content[start + at : start + at + 4], "big") for at in (8, 12))
    end = start + 16 + 16 * count + size
    header = content[start:end].replace(old, new)
    digests = [hashlib.sha256(text).hexdigest().encode() for text in (content[start:end], header)]
    path.write_bytes(content[:start].replace(*digests) + header + content[end:])
    return path


@dataclass(frozen=True, kw_only=True)
class EvilPair:
    """An evil .deb beside an ordinary .rpm; `reason` is a part of its refusal."""

    workshop: Workshop
    deb: Path
    rpm: Path
    reason: str

    def publish(self, now: int) -> None:
        """Publish it past all checks."""
        places, document = self.workshop.places, self.workshop.document
        (pair,) = read_pairs(self.workshop.make())
        with self.workshop.signer.session() as session:
            deb = add_to_pool(places, self.deb, file_name=self.deb.name)
            rpm = add_signed(places, pair, session=session)
            snapshot = new_snapshot(
                {deb.sha256, rpm.sha256},
                channel="testing",
                date=now,
                parent=None,
                key=session.key.fingerprint,
            )
            switch_to(places, snapshot, document=document, session=session)


def evil_pair(workshop: Workshop, kind: str) -> EvilPair:
    deb, rpm = workshop.make()
    evil = evil_deb(deb, workshop.directory / "evil", kind)
    return EvilPair(workshop=workshop, deb=evil, rpm=rpm, reason=REASONS[kind])
