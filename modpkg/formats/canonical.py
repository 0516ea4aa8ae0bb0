"""Canonical JSON: equal values have equal bytes, on any machine. Records are read and written in it.

Nothing here guesses: what JSON cannot say exactly (NaN, keys that are not text) is an error.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from modpkg.errors import BadInputError
from modpkg.host.files import Receipt, is_special, write_atomically
from modpkg.model.document import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

FORMAT_FIELDS: Final = ("format", "schema_version")
R = TypeVar("R", bound=Record)


def canonical_json(value: object) -> str:
    """Give a value as JSON for people and machines: keys sorted, two spaces, a newline at the end.

    Raises ValueError for NaN and infinities, TypeError for what JSON does not know.
    """
    return json.dumps(_plain(value), sort_keys=True, indent=2, allow_nan=False) + "\n"


def digest_of(value: object) -> str:
    """Give the sha256, in hexadecimal, of the compact canonical JSON of a value."""
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def write_record(path: Path, record: Record) -> Receipt:
    """Write a record as canonical JSON, whole or not at all."""
    return write_atomically(path, canonical_json(record))


def read_record(path: Path, model: type[R], *, hint: str = "") -> R:
    """Read a record; raises BadInputError that names file and field. `hint` says how to renew the file."""
    try:
        if is_special(path):
            raise BadInputError("cannot read the file: it is no regular file", where=str(path), hint=hint)
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot read the file: {error.strerror or error}"
        raise BadInputError(what, where=str(path), hint=hint) from error
    try:
        record = model.model_validate_json(data, strict=True)
    except ValidationError as error:
        _refuse_other_format(path, model, _format_of(data), hint)
        what = _what(error.errors(include_url=False)[0])
        raise BadInputError(what, where=str(path), hint=hint) from error
    _refuse_other_format(path, model, {field: getattr(record, field, None) for field in FORMAT_FIELDS}, hint)
    return record


def _plain(value: object) -> Any:
    match value:
        case BaseModel():
            return value.model_dump(mode="json", by_alias=True)
        case dict():
            return {_key(key): _plain(below) for key, below in value.items()}
        case list() | tuple():
            return [_plain(below) for below in value]
        case _:
            return value


def _key(key: object) -> str:
    # json.dumps would turn 1 into "1", and two different values would have one digest.
    if not isinstance(key, str):
        raise TypeError(f"keys of canonical JSON are text, not {key!r}")
    return key


def _format_of(data: bytes) -> Mapping[str, object]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _refuse_other_format(path: Path, model: type[Record], found: Mapping[str, object], hint: str) -> None:
    for name in FORMAT_FIELDS:
        field = model.model_fields.get(name)
        number = found.get(name)
        if field is not None and number is not None and number != field.default:
            what = f"cannot read format {number!r} of this file: this modpkg knows format {field.default}"
            raise BadInputError(
                what, where=str(path), hint=hint or "use the modpkg that wrote it, or a newer one"
            )


def _what(detail: ErrorDetails) -> str:
    if detail["type"] == "json_invalid":
        return f"cannot read the file: it is not whole JSON ({detail['ctx']['error']})"
    from modpkg.formats.problems import way_text  # noqa: PLC0415 - it knows all documents; needed for a fault alone

    place = way_text(detail["loc"]) or "the whole"
    words = {"missing": "is missing", "extra_forbidden": "is an unknown field"}
    return f"cannot use the file: {place}: {words.get(detail['type'], detail['msg'].lower())}"
