"""Paths that strangers wrote, taken as paths below a directory or refused. Touches no file."""

from __future__ import annotations

import posixpath
import re
from typing import Final

LONGEST: Final = 1024
# Percent signs, question marks and hashes are syntax of an address, backslashes of other systems.
PLAIN: Final = re.compile(r"[^\x00-\x20\x7f%?#\\]+")


def below(text: str) -> str:
    """Give the path if it is plain, relative and climbs nowhere; raises ValueError on any other."""
    if len(text) > LONGEST or not PLAIN.fullmatch(text):
        raise ValueError(f"{text[:LONGEST]!r} is not a plain path")
    if text.startswith("/") or {"", ".", ".."} & set(text.split("/")) or re.match(r"[A-Za-z]+:", text):
        raise ValueError(f"{text!r} leads out of the repository")
    return text


def resolved(directory: str, href: str) -> str:
    """Give the path that `href` names, as seen from a directory; raises ValueError when it leads out."""
    if len(href) > LONGEST or not PLAIN.fullmatch(href):
        raise ValueError(f"{href[:LONGEST]!r} is not a plain path")
    if href.startswith("/") or re.match(r"[A-Za-z]+:", href):
        raise ValueError(f"{href!r} leads out of the repository")
    return below(posixpath.normpath(posixpath.join(directory, href)))
