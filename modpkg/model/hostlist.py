"""Hostlists: names of many nodes in one word, such as `beo-[01-80,99],login-1`. Pure.

The form is that of pdsh and Slurm: a bracket holds numbers and spans, as wide as they are written.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Final

MOST_HOSTS: Final = 65536
HOST_PATTERN: Final = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
HOST: Final = re.compile(HOST_PATTERN)
# A comma inside a bracket does not end a part.
PART: Final = re.compile(r"(?:[^,\[\]]|\[[^\[\]]*\])+")
PIECE: Final = re.compile(r"\[([^\[\]]*)\]|([^\[\]]+)")
SPAN: Final = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")


def expand(text: str) -> tuple[str, ...]:
    """Give the names of a hostlist in their order; raises ValueError in words that follow its text."""
    parts = PART.findall(text)
    if ",".join(parts) != text or not parts:
        raise ValueError(f"{text!r} is not a hostlist: write names and brackets, such as beo-[01-80],login-1")
    names: list[str] = []
    for part in parts:
        names += _expand_part(part, MOST_HOSTS - len(names))
    for name in names:
        if not HOST.fullmatch(name):
            raise ValueError(f"{text!r} names {name!r}: a host has lower-case letters, digits and dashes")
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise ValueError(f"{text!r} names {twice[0]!r} twice")
    return tuple(names)


def _expand_part(part: str, room: int) -> list[str]:
    choices: list[list[str]] = []
    count = 1
    for bracket, plain in PIECE.findall(part):
        choices.append([plain] if plain else _numbers(bracket, room))
        count *= len(choices[-1])
        if count > room:
            raise ValueError(f"{part!r} names more than {MOST_HOSTS} hosts")
    return ["".join(words) for words in product(*choices)]


def _numbers(bracket: str, room: int) -> list[str]:
    numbers: list[str] = []
    for word in bracket.split(","):
        span = SPAN.fullmatch(word)
        if not span:
            raise ValueError(f"'[{bracket}]' holds {word!r}: write numbers and spans, such as [01-08,12]")
        first, last = span[1], span[2] or span[1]
        if int(last) < int(first):
            raise ValueError(f"the span {word!r} ends before it begins")
        if int(last) - int(first) >= room - len(numbers):
            raise ValueError(f"'[{bracket}]' names more than {MOST_HOSTS} hosts")
        numbers += [str(number).zfill(len(first)) for number in range(int(first), int(last) + 1)]
    return numbers
