"""Release files: the indices of a suite, their digests and how long they are to be trusted. Never signs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

COMPONENT: Final = "main"
SECONDS_A_DAY: Final = 86_400
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Index:
    """One index: its path below the suite's directory, its size in bytes, its digest."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What a Release file says. Times in seconds since 1970."""

    origin: str
    description: str
    channel: str
    architectures: tuple[str, ...]
    date: int
    valid_until: int
    changelogs: str
    snapshot: str
    indices: tuple[Index, ...]


def render_release(release: Release) -> str:
    """Give the text of a Release file."""
    fields = {
        "Origin": release.origin,
        "Label": release.origin,
        "Suite": release.channel,
        "Codename": release.channel,
        "Date": format_time(release.date),
        "Valid-Until": format_time(release.valid_until),
        "Acquire-By-Hash": "yes",
        "Architectures": " ".join(release.architectures),
        "Components": COMPONENT,
        "Description": release.description,
        "Changelogs": release.changelogs,
        "Modpkg-Snapshot": release.snapshot,
    }
    lines = [f"{name}: {value}" for name, value in fields.items()]
    lines += [
        "SHA256:",
        *(f" {index.sha256} {index.size:>10} {index.path}" for index in sorted(release.indices)),
    ]
    return "".join(f"{line}\n" for line in lines)


def parse_release(text: str) -> Release:
    """Read a Release file that modpkg wrote. Raises KeyError or ValueError on others."""
    from debian.deb822 import Deb822  # noqa: PLC0415 - slow to load, and a publisher reads none

    fields = Deb822(text)
    return Release(
        origin=fields["Origin"],
        description=fields["Description"],
        channel=fields["Codename"],
        architectures=tuple(fields["Architectures"].split()),
        date=parse_time(fields["Date"]),
        valid_until=parse_time(fields["Valid-Until"]),
        changelogs=fields["Changelogs"],
        snapshot=fields["Modpkg-Snapshot"],
        indices=tuple(_indices(fields["SHA256"].splitlines())),
    )


def format_time(seconds: int) -> str:
    """Give a time as Release files have it, such as "Sat, 22 Nov 2025 10:00:00 UTC"."""
    moment = time.gmtime(seconds)
    # Words of RFC 2822, whatever the locale; email.utils, which has them too, takes long to load.
    day, month = DAYS[moment.tm_wday], MONTHS[moment.tm_mon - 1]
    return f"{day}, {moment.tm_mday:02} {month} {time.strftime('%Y %H:%M:%S', moment)} UTC"


def parse_time(text: str) -> int:
    """Read a time of a Release file; raises ValueError on anything else."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - a publisher reads none

    return int(parsedate_to_datetime(text).timestamp())


def _indices(lines: list[str]) -> Iterable[Index]:
    for line in lines:
        if line.strip():
            sha256, size, path = line.split()
            yield Index(path=path, size=int(size), sha256=sha256)
