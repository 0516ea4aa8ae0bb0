"""repomd.xml: which indices a yum repository has. Written as createrepo_c writes it, without loading that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modpkg.formats.frames import Facts

NAMESPACES: Final = (
    'xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm"'
)
LOCATION: Final = re.compile(r'<location href="repodata/([^"/]+)"/>')
# Times in seconds since 1970, sizes in bytes.
RECORD: Final = """\
  <data type="{kind}">
    <checksum type="sha256">{facts.packed_sha256}</checksum>
    <open-checksum type="sha256">{facts.sha256}</open-checksum>
    <location href="repodata/{name}"/>
    <timestamp>{date}</timestamp>
    <size>{facts.packed_size}</size>
    <open-size>{facts.size}</open-size>
  </data>
"""


def file_name(kind: str, facts: Facts) -> str:
    """Give the name of an index, which tells its digest."""
    return f"{facts.packed_sha256}-{kind}.xml.gz"


def render_repomd(indices: Mapping[str, Facts], *, date: int) -> str:
    """Give the text of repomd.xml for indices by their kind, such as "primary"; `date` is its revision too."""
    records = [
        RECORD.format(kind=kind, facts=facts, name=file_name(kind, facts), date=date)
        for kind, facts in indices.items()
    ]
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<repomd {NAMESPACES}>\n  <revision>{date}</revision>\n'
    return "".join([head, *records, "</repomd>\n"])


def names_in(repomd: str) -> list[str]:
    """Give the names of the indices that a repomd.xml of this repository names."""
    return LOCATION.findall(repomd)
