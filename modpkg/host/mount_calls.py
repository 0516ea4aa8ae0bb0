"""mount(2) and umount2(2), which Python does not have: a program for each mount would be a tenth of a small build."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError

if TYPE_CHECKING:
    from pathlib import Path

# The names of mount(2) and umount2(2).
MS_BIND: Final = 0x1000
MNT_DETACH: Final = 2


def mount(source: str | Path, target: Path, *, kind: str, options: str) -> None:
    """Mount `source` on `target`; without a kind of file system it is bound there. `options` are the file system's.

    Raises ModpkgError with the kernel's word for why not.
    """
    done = _kernel().mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() if kind else None,
        ctypes.c_ulong(0 if kind else MS_BIND),
        os.fsencode(options) if options else None,
    )
    _check(done, f"mount {kind or source} on {target}")


def unmount(target: Path) -> None:
    """Take a mount away from `target`: at once where its name is, and wholly when nobody uses it any more."""
    _check(_kernel().umount2(os.fsencode(target), MNT_DETACH), f"unmount {target}")


def _kernel() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(done: int, what: str) -> None:
    if done != 0:
        code = ctypes.get_errno()
        raise ModpkgError(f"cannot {what}: {os.strerror(code)}") from OSError(code, os.strerror(code))
