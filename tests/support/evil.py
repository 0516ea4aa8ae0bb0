"""Packages that try to get out of their place."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from typing import TYPE_CHECKING

from modpkg.deb import ar, tar
from modpkg.deb.read import read_control
from modpkg.formats.stored import frame

if TYPE_CHECKING:
    from pathlib import Path

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
