"""A grant to wipe disks: what the head keeps of it until a node has used it."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from modpkg.model.document import Name, Record
from modpkg.model.inventory import NodeName

GRANT_PATTERN: Final = r"^[0-9a-f]{32}$"


class Grant(Record):
    """`grants/<token>.json` on the head: one boot of `node` may wipe what it would refuse on these disks.

    `token` names the grant in the node's script. Whoever shows it first, uses it up.
    """

    node: NodeName
    token: Annotated[str, StringConstraints(pattern=GRANT_PATTERN)]
    disks: tuple[Name, ...] = Field(min_length=1)
