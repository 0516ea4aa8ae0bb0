"""Sizes as people write them: a number and a unit. MB is 10^6, MiB is 2^20."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final

from pydantic import StringConstraints

UNITS: Final = {
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
SIZE_PATTERN: Final = r"^(0\.[0-9]{1,3}|[1-9][0-9]{0,5}(\.[0-9]{1,3})?) (kB|MB|GB|KiB|MiB|GiB)$"
SizeText = Annotated[str, StringConstraints(pattern=SIZE_PATTERN)]


def parse_size(text: str) -> int:
    """Give the bytes that a size such as `150 MB` says, rounded down. Raises ValueError on anything else."""
    if not re.fullmatch(SIZE_PATTERN, text):
        raise ValueError(f"{text!r} is not a size")
    number, unit = text.split(" ")
    return int(Decimal(number) * UNITS[unit])
