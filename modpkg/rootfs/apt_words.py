"""What apt says when it cannot go on, made into errors that say what to do, apt's own words at their end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, ModpkgError

if TYPE_CHECKING:
    from collections.abc import Iterable

TAIL_LINES: Final = 20
# What remains are the lines that say what is wrong: these only repeat it, or tell of other things.
NOISE: Final = re.compile(
    r"(Reading |Building |Starting |Investigating |Done$|Hit:|Get:|Ign:|Fetched |Solving |Some packages could"
    r"|requested an impossible|distribution that some|or been moved out|The following information| *$)"
)
COMPLAINT: Final = re.compile(r"[EW]: (?!Some index files failed)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of failure of an update: how apt words it, how we do."""

    pattern: str
    what: str
    hint: str


# The first that is found counts: an expired key, say, is also a missing signature.
UPDATE_FAULTS: Final = (
    Fault(
        pattern=r"No space left on device",
        what="cannot fetch the package lists: the disk is full",
        hint="make room, or work elsewhere with --work DIR or MODPKG_WORK",
    ),
    Fault(
        pattern=r"is expired \(invalid since|is not valid anymore",
        what="cannot trust the archive: its Release file is expired",
        hint="the mirror is no longer brought up to date, or the clock of this machine is wrong",
    ),
    Fault(
        pattern=r"is not valid yet",
        what="cannot trust the archive: its Release file is of a time to come",
        hint="look at the clock of this machine",
    ),
    Fault(
        pattern=r"NO_PUBKEY|EXPKEYSIG|REVKEYSIG|BADSIG|Missing key|invalid signature"
        r"|signatures? (was|were) invalid|unsupported file",
        what="cannot trust the archive: it is not signed by a key of the platform's key ring",
        hint="look at `keyring` of the platform and at the mirror's address; the keys of Debian come with "
        "apt-get install debian-archive-keyring",
    ),
    Fault(
        pattern=r"is not signed|NODATA|no longer signed|does not start with a cleartext signature",
        what="cannot trust the archive: it is not signed",
        hint="use a mirror that has the archive's InRelease files unchanged",
    ),
    Fault(
        pattern=r"Hash Sum mismatch|File has unexpected size|Clearsigned file isn't valid",
        what="cannot fetch the package lists: the mirror's files do not belong together",
        hint="the mirror is being updated, or a proxy changes its answers: try again in some minutes",
    ),
    Fault(
        pattern=r"does not have a Release file|404 +Not Found|File not found",
        what="cannot find a suite of the platform on the mirror",
        hint="look at `sources` of the platform and at the mirror's address",
    ),
    Fault(
        pattern=r"Could not (connect|resolve)|Temporary failure|Connection (failed|refused|timed out|reset)"
        r"|Unable to connect|Network is unreachable|Certificate verification|Data socket|No route",
        what="cannot reach the mirror",
        hint="check the network and the mirror's address",
    ),
)


def update_error(words: str) -> ModpkgError:
    """Make the error of an update that failed out of what apt wrote."""
    tail = _tail(line for line in words.splitlines() if COMPLAINT.match(line))
    for fault in UPDATE_FAULTS:
        if re.search(fault.pattern, words):
            return ModpkgError(fault.what + tail, hint=fault.hint)
    return ModpkgError("cannot fetch the package lists" + tail)


def resolve_error(module: str, words: str) -> BadInputError:
    """Make the error of a module whose packages do not fit together."""
    tail = _tail(line for line in words.splitlines() if not NOISE.match(line))
    return BadInputError(
        f"cannot resolve the packages of module {module!r}{tail}",
        hint="these packages do not go together, or not with those of the modules below",
    )


def _tail(lines: Iterable[str]) -> str:
    # apt says some things twice.
    once = list(dict.fromkeys(line.rstrip() for line in lines))
    return "".join(f"\n    {line}" for line in once[-TAIL_LINES:])
