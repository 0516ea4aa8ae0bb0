"""What an assembly needs besides the modules, told before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.rootfs.generated.table import LDCONFIG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.model.image import Merge
    from modpkg.rootfs.generated.choose import Command


def needs_trees(commands: Sequence[Command], merge: Merge) -> bool:
    """Tell whether the fragments have to be unpacked: where programs run that may read anything of the image."""
    return merge == "recompress" or any(command.generator is not LDCONFIG for command in commands)
