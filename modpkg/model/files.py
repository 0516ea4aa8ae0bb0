"""Files of a site's share that nodes apply: the document that people write, and the plan that nodes read.

The plan is JSON in the share itself. recipes/modules/node/programs/files.py reads it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, StringConstraints

from modpkg.model.document import AbsolutePath, Account, Document, Line, Name, RelativePath
from modpkg.model.inventory import Hostlist
from modpkg.model.recipe import FileMode

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = 1
PLAN: Final = "files.plan"
BELOW_ROOT_PATTERN: Final = r"^/[^/]"
Kind = Literal["directory", "copy", "link"]
NodePath = Annotated[AbsolutePath, StringConstraints(pattern=BELOW_ROOT_PATTERN)]


class DirectoryEntry(Document):
    """A directory; what is not said of one that is there stays."""

    path: NodePath
    owner: Account | None = None
    group: Account | None = None
    mode: FileMode | None = None
    only: tuple[Name, ...] = ()


class CopyEntry(Document):
    """A copy of the share's file `source` as the file `path`."""

    source: RelativePath
    path: NodePath
    owner: Account = "root"
    group: Account = "root"
    mode: FileMode = "0644"
    only: tuple[Name, ...] = ()


class LinkEntry(Document):
    """A symbolic link at `path` to `target`."""

    path: NodePath
    target: Line
    only: tuple[Name, ...] = ()


class FilesDocument(Document):
    """`files.yaml` of a share, or what one includes. `groups` are those that `only` names."""

    groups: dict[Name, Hostlist] = Field(default_factory=dict)
    include: tuple[RelativePath, ...] = ()
    directories: tuple[DirectoryEntry, ...] = ()
    copies: tuple[CopyEntry, ...] = ()
    links: tuple[LinkEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One thing that nodes apply. `origin` is the document and its line; `only` names groups, none is all nodes."""

    kind: Kind
    path: str
    origin: str
    owner: str | None = None
    group: str | None = None
    mode: str | None = None
    source: str | None = None
    target: str | None = None
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesPlan:
    """All that nodes apply, in order: of several entries for one path the last counts.

    `sources` are the documents of the share by their sha256, `groups` the nodes of each group.
    """

    sources: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    entries: tuple[FileEntry, ...]


def plan_text(plan: FilesPlan) -> str:
    """Give a plan as the text of its file."""
    entries = [
        {("from" if key == "origin" else key): value for key, value in asdict(entry).items()}
        for entry in plan.entries
    ]
    told = {
        "format": FORMAT,
        "sources": dict(plan.sources),
        "groups": {name: list(nodes) for name, nodes in plan.groups.items()},
        "entries": entries,
    }
    return json.dumps(told, sort_keys=True, indent=1) + "\n"
