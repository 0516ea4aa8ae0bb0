"""The fields of a control file, as python-debian reads them.

What modpkg writes is read here; anything that is not so plain is left to python-debian, which takes long to load.
"""

from __future__ import annotations

import re
from typing import Final

FIELD: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?: (\S(?:.*\S)?))?")
MORE: Final = re.compile(r" +\S(?:.*\S)?")


def parse_fields(text: str) -> dict[str, str]:
    """Give the fields of the first paragraph in their order; lines that continue one keep their first space."""
    fields = _plain_fields(text)
    if fields is None:
        from debian.deb822 import Deb822  # noqa: PLC0415 - slow to load, and seldom needed

        fields = {str(name): str(value) for name, value in Deb822(text).items()}
    return fields


def _plain_fields(text: str) -> dict[str, str] | None:
    lines = text.splitlines()
    if "\n".join([*lines, ""]) != text:
        return None  # a line ends in an odd way
    fields: dict[str, str] = {}
    seen: set[str] = set()
    last = ""
    for line in lines:
        found = FIELD.fullmatch(line)
        if found and found[1].lower() not in seen:
            last = found[1]
            seen.add(last.lower())
            fields[last] = found[2] or ""
        elif last and MORE.fullmatch(line):
            fields[last] += f"\n{line}"
        else:
            return None
    return fields or None
