"""The text of a file, its lines, and the places in it that problems show. It knows no format."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import DocumentError, Problem
from modpkg.host.files import is_special

if TYPE_CHECKING:
    from pathlib import Path

Place = tuple[int, int]

LONGEST_SOURCE: Final = 160
LARGEST_DOCUMENT: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The text of a file, able to tell the line and column of an index."""

    file: str
    lines: tuple[str, ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, text: str, *, file: str) -> Text:
        """Cut a text, whose line breaks are newlines, into lines."""
        lines = tuple(text.split("\n"))
        starts = [0]
        for line in lines[:-1]:
            starts.append(starts[-1] + len(line) + 1)
        return cls(file=file, lines=lines, starts=tuple(starts))

    def place(self, index: int) -> Place:
        """Give line and column, both counted from 1."""
        line = bisect_right(self.starts, index)
        return line, index - self.starts[line - 1] + 1

    def problem(self, place: Place, message: str, *, hint: str = "") -> Problem:
        """Make a problem that shows the line at a place; what it says can be printed on any terminal."""
        line, column = place
        source = self.lines[line - 1].rstrip() if 0 < line <= len(self.lines) else ""
        shown = "".join(letter if letter.isprintable() else " " for letter in source[:LONGEST_SOURCE])
        return Problem(
            file=self.file,
            line=line,
            column=column,
            message=_printable(message),
            hint=_printable(hint),
            source=shown if column <= LONGEST_SOURCE else "",
        )


def _printable(text: str) -> str:
    # Keys and values come from the file: control characters and lone surrogates are shown as escapes.
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _read_document(path: Path) -> bytes:
    if is_special(path):
        raise DocumentError([Problem(file=str(path), message="cannot read the file: it is no regular file")])
    if (size := path.stat().st_size) > LARGEST_DOCUMENT:
        message = f"the file has {size} bytes: a document has at most {LARGEST_DOCUMENT}"
        raise DocumentError([Problem(file=str(path), message=message)])
    return path.read_bytes()


def read_text(path: Path) -> str:
    """Read a file as UTF-8 with newlines for line breaks; raises DocumentError."""
    try:
        data = _read_document(path)
    except FileNotFoundError as error:
        fault = Problem(
            file=str(path), message="the file is missing", hint="docs/reference/documents.md has an example"
        )
        raise DocumentError([fault]) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError([Problem(file=str(path), message=f"cannot read the file: {reason}")]) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        shown = Text.of(data.decode(errors="replace"), file=str(path))
        place = shown.place(len(data[: error.start].decode()))
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise DocumentError([shown.problem(place, message, hint="save the file as UTF-8")]) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
