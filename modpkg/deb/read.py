"""Reads .deb packages, hostile ones included.

Never follows a path from an archive and never unpacks more than its limits; what is wrong is a BadInputError.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from debian.debfile import DebFile

from modpkg.deb.guard import check_control, parts, refusing
from modpkg.model.document import PACKAGE_PATTERN

if TYPE_CHECKING:
    from pathlib import Path

NEEDED_FIELDS: Final = ("Package", "Version", "Architecture")


def read_control(path: Path) -> dict[str, str]:
    """Give the control fields of a .deb in the order of the file.

    Raises BadInputError when it is not a sound package or its name, version or architecture is missing.
    """
    with refusing(path):
        with path.open("rb") as stream:
            control, _data = parts(stream, path.stat().st_size)
            check_control(stream, control)
        with DebFile(path) as deb:
            fields = {str(name): str(value) for name, value in deb.debcontrol().items()}
        for name in NEEDED_FIELDS:
            if not fields.get(name):
                raise ValueError(f"its control file has no field {name}")
        if not re.fullmatch(PACKAGE_PATTERN, fields["Package"]):
            raise ValueError(f"{fields['Package']!r} is not a package name")
    return fields
