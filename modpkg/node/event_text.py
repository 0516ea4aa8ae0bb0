"""What a node reports of its boot, as it comes over the network and as it lies in a log. Pure; trusts nothing.

A report is text: a line `modpkg-boot: ID IMAGE`, where ID is the kernel's boot_id, then all lines that the stages
have said so far, `modpkg: SECONDS STAGE start|end|failed [DETAIL]`. So each report holds those before it.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOT_LINE: Final = re.compile(r"modpkg-boot: ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?: (.*))?")
EVENT_LINE: Final = re.compile(
    r"modpkg: ([0-9]{1,8}\.[0-9]{1,3}) ([a-z][a-z-]{0,39}) (start|end|failed)(?: (.*))?"
)
# The folder of an image, or whatever else the node was told to boot.
IMAGE: Final = re.compile(r"[A-Za-z0-9._~+:-]{1,200}")
IMAGE_FOLDER: Final = re.compile(r"([^_]+)_([^_]+)_[0-9a-f]{12}")
MAX_LINE_CHARACTERS: Final = 1000
MAX_LINES: Final = 500
# In the year 5138.
MOST_SECONDS: Final = 1e11


class ReportError(ValueError):
    """A report is not in the form that nodes write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a stage. `seconds` since the node's kernel started; `at`, since 1970, when the head got it."""

    at: float
    seconds: float
    stage: str
    state: str
    detail: str

    @property
    def key(self) -> tuple[float, str, str, str]:
        """What makes it one event, however often it is reported."""
        return (self.seconds, self.stage, self.state, self.detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class BootLog:
    """What is known of one boot of a node. `image` is the folder of its image on the head, "" if unknown."""

    boot: str
    image: str
    events: tuple[Event, ...]


def parse_report(body: bytes, *, at: float) -> BootLog:
    """Read a report that came at that time. Lines of other forms are left out, and those before the newest 500.

    Raises ReportError without a boot.
    """
    lines = body.decode(errors="replace").removesuffix("\n").split("\n")
    first = BOOT_LINE.fullmatch(lines[0])
    if not first:
        raise ReportError("the first line is not: modpkg-boot: ID IMAGE")
    events = [event for line in lines[1:][-MAX_LINES:] for event in _events(line, at)]
    image = first[2] or ""
    return BootLog(boot=first[1], image=image if IMAGE.fullmatch(image) else "", events=tuple(events))


def head_line(log: BootLog) -> str:
    """Give the first line of a log's file: which boot it is."""
    return _json({"boot": log.boot, "image": log.image})


def event_line(event: Event) -> str:
    """Give an event as a line of a log's file."""
    return _json(asdict(event))


def parse_log(data: bytes) -> BootLog:
    """Read a log's file. A line that was torn, or is of another form, is left out."""
    boot, image, events = "", "", []
    for line in data.split(b"\n"):
        fields = _fields(line)
        if isinstance(fields.get("boot"), str):
            boot, image = fields["boot"], str(fields.get("image", ""))
        elif fields:
            events += _event(fields)
    return BootLog(boot=boot, image=image, events=tuple(events))


def name_and_version(folder: str) -> tuple[str, str]:
    """Give name and version of an image by its folder on the head; both "" for a folder of another form."""
    found = IMAGE_FOLDER.fullmatch(folder)
    return (found[1], found[2]) if found else ("", "")


def plain(text: str) -> str:
    """Give a text without signs that would move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _events(line: str, at: float) -> Iterator[Event]:
    found = EVENT_LINE.fullmatch(plain(line[:MAX_LINE_CHARACTERS].rstrip("\r")))
    if found:
        yield Event(
            at=round(at, 3),
            seconds=float(found[1]),
            stage=found[2],
            state=found[3],
            detail=found[4] or "",
        )


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")) + "\n"


def _fields(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _event(fields: dict[str, Any]) -> list[Event]:
    try:
        event = Event(
            at=float(fields["at"]),
            seconds=float(fields["seconds"]),
            stage=str(fields["stage"]),
            state=str(fields["state"]),
            detail=str(fields["detail"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return []
    # What no clock says: a disk that fails, or a hand that edits.
    return [event] if 0 <= event.at < MOST_SECONDS and 0 <= event.seconds < MOST_SECONDS else []
