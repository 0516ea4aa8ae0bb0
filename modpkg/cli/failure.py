"""Errors as what a user reads and what a program reads: one message, one exit code.

A traceback is shown to nobody: it is kept in a file, and only for faults of modpkg itself.
"""

from __future__ import annotations

import os
import tempfile
import traceback
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from modpkg.errors import EXIT_FAILED, EXIT_INTERRUPTED, DocumentError, ModpkgError, machine_error

ISSUE_HINT: Final = "this is a fault of modpkg: please report it with that file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a command ended: `text` for people, the other fields for programs."""

    kind: str
    what: str
    where: str = ""
    hint: str = ""
    exit_code: int = EXIT_FAILED
    problems: tuple[dict[str, Any], ...] = ()
    text: str

    def to_data(self) -> dict[str, Any]:
        """Give the failure as JSON data."""
        data = asdict(self)
        del data["text"]
        return {"error": {**data, "problems": list(self.problems)}}


def failure_from(error: BaseException) -> Failure:
    """Translate whatever ended a command."""
    match error:
        case DocumentError():
            problems = tuple(asdict(problem) for problem in error.problems)
            return replace(_from_modpkg(error), problems=problems, text=str(error))
        case ModpkgError():
            return _from_modpkg(error)
        case KeyboardInterrupt():
            return Failure(
                kind="Interrupted", what="interrupted", exit_code=EXIT_INTERRUPTED, text="interrupted"
            )
        case OSError() if refused := machine_error(error):
            return _from_modpkg(refused)
        case _:
            return _internal(error)


def _from_modpkg(error: ModpkgError) -> Failure:
    return Failure(
        kind=type(error).__name__,
        what=error.what,
        where=error.where,
        hint=error.hint,
        exit_code=error.exit_code,
        text=f"error: {error}",
    )


def _internal(error: BaseException) -> Failure:
    place = keep_traceback(error)
    what = f"internal error: {type(error).__name__}: {error}"
    hint = ISSUE_HINT if place else ""
    text = "\n".join([what, *([f"  traceback: {place}", f"  hint: {hint}"] if place else [])])
    return Failure(kind="InternalError", what=what, where=place, hint=hint, text=text)


def keep_traceback(error: BaseException) -> str:
    """Write the traceback into a file of its own and give its path; "" where even that is impossible."""
    try:
        descriptor, name = tempfile.mkstemp(prefix="modpkg-error-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.writelines(traceback.format_exception(error))
    except OSError:
        return ""
    return str(Path(name))
