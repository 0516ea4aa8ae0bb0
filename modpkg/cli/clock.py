"""The moment that new changelog entries and snapshots carry."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

LATEST: Final = 253_402_300_799


def now(environ: Mapping[str, str]) -> int:
    """Give SOURCE_DATE_EPOCH, else the clock's time, in seconds since 1970; raises BadInputError."""
    text = environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return int(time.time())
    # Four digits for the year: no document and no package could say a later one.
    if not text.isdecimal() or int(text) > LATEST:
        raise BadInputError(
            f"cannot read {text!r} as a time", where="SOURCE_DATE_EPOCH", hint="write seconds since 1970"
        )
    return int(text)


def moment_of(text: str) -> int:
    """Read a date of the command line, in UTC unless it says otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInputError(
            f"cannot read the date {text!r}", hint="write it as 2026-11-22 or 2026-11-22T10:00:00Z"
        ) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def clock() -> int:
    """Give the clock's time, whatever SOURCE_DATE_EPOCH says: what has expired has expired."""
    return int(time.time())
