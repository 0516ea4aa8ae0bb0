"""Globs of recipes and platforms: `*` stays within a directory, `**` crosses them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def glob_pattern(globs: Iterable[str]) -> re.Pattern[str]:
    """Compile globs of absolute paths into one pattern that matches such a path whole."""
    # DOTALL: a line break in a name is a character like others.
    return re.compile("|".join(f"(?:{_translate(glob)})" for glob in globs) or r"(?!)", re.DOTALL)


def _translate(glob: str) -> str:
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(words.get(part) or re.escape(part) for part in re.split(r"(\*\*|\*|\?)", glob))
