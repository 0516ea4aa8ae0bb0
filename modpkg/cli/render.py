"""Results as JSON data and as text: one function each for all commands. Never decides what a result holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any, Final

SIZES: Final = ("kB", "MB", "GB", "TB")
SHORT_DIGEST: Final = 12
INDENT: Final = "  "
CELL_WIDTH: Final = 32
# Metadata of a field that text shows and JSON, whose form is promised, has not.
FOR_PEOPLE: Final[Mapping[str, bool]] = {"for people": True}


class GivenKey(str):
    """A key that somebody chose, such as a path or a name: shown as it is. Others are the names of fields."""

    __slots__ = ()


class PathText(str):
    """A path as text: shown whole, so never in a cell of a table."""

    __slots__ = ()


def to_data(value: object, *, for_text: bool = False) -> Any:
    """Give a result as what JSON can hold: dataclasses, documents, paths, sets and enums included.

    With `for_text` the fields for people are there too.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value.value if isinstance(value, Enum) else value
    if is_dataclass(value) and not isinstance(value, type):
        shown = [one.name for one in fields(value) if for_text or one.metadata != FOR_PEOPLE]
        return {name: to_data(getattr(value, name), for_text=for_text) for name in shown}
    if isinstance(value, Mapping):
        kind = GivenKey if for_text else str
        return {kind(key): to_data(item, for_text=for_text) for key, item in value.items()}
    if isinstance(value, AbstractSet):
        return sorted(to_data(item, for_text=for_text) for item in value)
    if isinstance(value, Sequence):
        return [to_data(item, for_text=for_text) for item in value]
    return _simple_to_data(value)


def _simple_to_data(value: object) -> Any:
    if isinstance(value, Enum):
        return to_data(value.value)
    if isinstance(value, PurePath):
        return PathText(value)
    # Asked by name: importing pydantic would cost each command a tenth of a second.
    dump = getattr(value, "model_dump", None)
    return to_data(dump(mode="json")) if dump else str(value)


def to_text(value: object) -> str:
    """Give a result as lines for people; an empty one gives an empty text."""
    return "\n".join(_lines(to_data(value, for_text=True)))


def _lines(data: Any) -> list[str]:
    if data is None:
        return []
    if isinstance(data, dict):
        return _lines_of_object(data)
    if isinstance(data, list):
        return _lines_of_list(data)
    return str(data).splitlines()


def _lines_of_object(data: dict[str, Any]) -> list[str]:
    plain = {key: item for key, item in data.items() if not isinstance(item, dict | list)}
    width = max((len(label(key)) for key in plain), default=0)
    lines = [f"{label(key)}:{'':{width - len(label(key))}} {quantity(key, plain[key])}" for key in plain]
    for key, item in data.items():
        if key not in plain:
            lines += [f"{label(key)}:", *(INDENT + line for line in _lines(item) or ["none"])]
    return lines


def _lines_of_list(items: list[Any]) -> list[str]:
    if not all(isinstance(item, dict) for item in items):
        return [_cell("", item) for item in items]
    if all(_fits_a_cell(key, value) for row in items for key, value in row.items()):
        return _table(items) if items else []
    blocks = [_lines(item) for item in items]
    return [line for block in blocks for line in (["", *block] if block is not blocks[0] else block)]


def _fits_a_cell(key: str, value: Any) -> bool:
    return not isinstance(value, list | dict) or len(_cell(key, value)) <= CELL_WIDTH


def _table(rows: list[dict[str, Any]]) -> list[str]:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    places = {key: [row[key] for row in rows if isinstance(row.get(key), PathText)] for key in keys}
    columns = [key for key in keys if not places[key]]
    lines = _cells(rows, columns) if columns else []
    for key in keys:
        lines += [f"{label(key)}:", *(INDENT + place for place in places[key])] if places[key] else []
    return lines


def _cells(rows: list[dict[str, Any]], keys: list[str]) -> list[str]:
    table = [[label(key) for key in keys], *([_cell(key, row.get(key)) for key in keys] for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(keys))]
    return [INDENT.join(_aligned(line, rows[0], keys, widths)).rstrip() for line in table]


def _aligned(line: list[str], row: dict[str, Any], keys: list[str], widths: list[int]) -> list[str]:
    return [
        cell.rjust(width) if _is_number(row.get(key)) else cell.ljust(width)
        for cell, key, width in zip(line, keys, widths, strict=True)
    ]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(key: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, dict):
        return " ".join(f"{name}={item}" for name, item in value.items()) or "-"
    text = quantity(key, value)
    return text[:SHORT_DIGEST] if key.endswith("sha256") else text


def label(key: str) -> str:
    """Give the words of a field's name, and any other key as it is."""
    return key if isinstance(key, GivenKey) else key.replace("_", " ")


def quantity(key: str, value: object) -> str:
    """Give a value with the unit that its field's name ends with."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(key, value)
    return str(value)


def _number(key: str, value: float) -> str:
    if key.endswith(("bytes", "size")):
        return size(value)
    if key.endswith("seconds"):
        return seconds(value)
    return str(value) if isinstance(value, int) else f"{value:.2f}"


def size(number: float) -> str:
    """Give bytes in the largest fitting unit of 1000."""
    if number < 1000:  # noqa: PLR2004 - kilo
        return f"{number:.0f} B"
    for unit in SIZES:
        number /= 1000
        if number < 999.95 or unit == SIZES[-1]:  # noqa: PLR2004 - would be rounded to 1000.0
            break
    return f"{number:.1f} {unit}"


def seconds(number: float) -> str:
    """Give a time span: hundredths below ten seconds, minutes above two of them, then hours, then days."""
    if number < 10:  # noqa: PLR2004 - ten seconds
        return f"{number:.2f} s"
    if number < 120:  # noqa: PLR2004 - two minutes
        return f"{number:.1f} s"
    if number < 7200:  # noqa: PLR2004 - two hours
        return f"{number // 60:.0f} min {number % 60:.0f} s"
    if number < 172_800:  # noqa: PLR2004 - two days
        return f"{number / 3600:.0f} h"
    return f"{number / 86_400:.0f} days"
