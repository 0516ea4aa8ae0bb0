"""Errors that a user can act on. Each says what, where and the way out; nothing here does I/O."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import Final

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_CANNOT_TELL = 3
EXIT_INTERRUPTED = 130

ELSEWHERE: Final = "work elsewhere: --work DIR, --store DIR"
DISK_FULL: Final = f"free some space, or {ELSEWHERE}"
NOT_YOURS: Final = "work as the owner of that place, or elsewhere: --work DIR, --store DIR"
# What the machine refuses, the verb that it refuses, and the way out. Any other error is a fault of modpkg.
REFUSALS: Final = {
    errno.ENOSPC: ("write", DISK_FULL),
    errno.EDQUOT: ("write", DISK_FULL),
    errno.EFBIG: ("write", "raise the limit of a file's size: ulimit -f unlimited"),
    errno.EROFS: ("write", ELSEWHERE),
    errno.EACCES: ("use", NOT_YOURS),
    errno.EPERM: ("use", NOT_YOURS),
    errno.ENOTDIR: ("use", f"a part of that path is a file; {ELSEWHERE}"),
    errno.EISDIR: ("use", f"a directory is there in the place of a file: move it away, or {ELSEWHERE}"),
    errno.ENAMETOOLONG: ("use", f"its path is too long; {ELSEWHERE}"),
    errno.EIO: ("use", f"the disk fails, or the connection to it; {ELSEWHERE}"),
    errno.EMFILE: ("open", "raise the limit of open files: ulimit -n 4096"),
}


class ModpkgError(Exception):
    """A command cannot go on.

    `what` is one line in the form "cannot ...", `where` a file, path or command, `hint` the way out.
    """

    exit_code = EXIT_FAILED

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n  hint: {self.hint}" if self.hint else head


class BadInputError(ModpkgError):
    """The user's input is wrong: a document, a package, an argument."""

    exit_code = EXIT_BAD_INPUT


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Problem:
    """One fault of a document. Lines and columns count from 1; 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0
    message: str
    hint: str = ""
    source: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        lines = [f"{place}: {self.message}"]
        if self.source:
            lines += [f"    {self.source}", f"    {' ' * (self.column - 1)}^"]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class DocumentError(BadInputError):
    """All faults of one or more documents, sorted by place."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'}")

    def __str__(self) -> str:
        return "\n".join([*map(str, self.problems), self.what])


def machine_error(error: OSError) -> ModpkgError | None:
    """Give what the machine refused in one line with the way out; None where it is a fault of modpkg."""
    if error.errno not in REFUSALS:
        return None
    verb, hint = REFUSALS[error.errno]
    # Of two names the second is the one that is written.
    place = error.filename2 or error.filename or "a file"
    return ModpkgError(f"cannot {verb} {_text(place)}: {os.strerror(error.errno)}", hint=hint)


def _text(name: object) -> str:
    return os.fsdecode(name) if isinstance(name, bytes) else str(name)
