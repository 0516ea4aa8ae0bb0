"""The closed list of databases that are sets of records.

What is neither here nor dropped is a file of a module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.rootfs.state.group import GROUP, GSHADOW
from modpkg.rootfs.state.overrides import DIVERSIONS, STATOVERRIDE
from modpkg.rootfs.state.passwd import PASSWD, SHADOW, SUBGID, SUBUID
from modpkg.rootfs.state.shells import SHELLS, SHELLS_STATE
from modpkg.rootfs.state.triggers import TRIGGERS, UNINCORPORATED
from modpkg.rootfs.state.ucf import HASHFILE, REGISTRY

if TYPE_CHECKING:
    from modpkg.rootfs.state.records import Database

# Order matters where patterns overlap: the first one that matches owns the path.
DATABASES: Final[tuple[Database, ...]] = (
    PASSWD,
    GROUP,
    SHADOW,
    GSHADOW,
    SUBUID,
    SUBGID,
    SHELLS,
    SHELLS_STATE,
    DIVERSIONS,
    STATOVERRIDE,
    UNINCORPORATED,
    TRIGGERS,
    HASHFILE,
    REGISTRY,
)


def database_of(path: str) -> Database:
    """Give the database that a path is; raises ModpkgError for one that this modpkg does not know."""
    for database in DATABASES:
        if database.owns(path):
            return database
    raise ModpkgError(
        f"cannot merge the database /{path}: this modpkg does not know it", hint="use a newer modpkg"
    )
