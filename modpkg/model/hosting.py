"""How files of a repository are to be served: what may be kept for ever, what has to be asked for each time.

Pure. The same rules make the headers of a web server, and the headers and the order of an upload.
"""

from __future__ import annotations

import re
from typing import Final

FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK: Final = "no-cache"
# What is written once: its content never changes under its name.
IMMUTABLE: Final = r"pool/|inputs/|rpm/snap-[0-9a-f]{64}/|dists/[^/]+/[^/]+/binary-[^/]+/by-hash/"
TYPES: Final = {
    ".deb": "application/vnd.debian.binary-package",
    ".rpm": "application/x-rpm",
    ".xml": "application/xml",
    ".gz": "application/gzip",
    ".asc": "text/plain; charset=utf-8",
    ".mirrorlist": "text/plain; charset=utf-8",
    ".sources": "text/plain; charset=utf-8",
    ".repo": "text/plain; charset=utf-8",
}
OTHER_TYPE: Final = "application/octet-stream"


def is_immutable(path: str) -> bool:
    """Tell whether a file below `www` never changes under its name."""
    return re.match(IMMUTABLE, path) is not None


def cache_control(path: str) -> str:
    """Give the Cache-Control header of a file below `www`."""
    return FOR_EVER if is_immutable(path) else ASK


def content_type(path: str) -> str:
    """Give the Content-Type header of a file below `www`."""
    name = path.rpartition("/")[2]
    return TYPES.get(name[name.rfind(".") :] if "." in name else "", OTHER_TYPE)


def upload_rank(path: str) -> int:
    """Give the place of a file in an upload: what names others comes after them, and what commits comes last."""
    if path.startswith(("pool/", "inputs/")):
        return 0
    if is_immutable(path):
        return 1
    commits = path.endswith(("/InRelease", ".mirrorlist"))
    return 3 if commits else 2
