"""The login shells, and what update-shells remembers of them."""

from __future__ import annotations

from typing import Final

from modpkg.rootfs.state.records import Database

SHELLS: Final = Database(pattern="etc/shells", what="shell")
SHELLS_STATE: Final = Database(pattern="var/lib/shells.state", what="shell")
