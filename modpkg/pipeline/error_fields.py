"""Errors as JSON, on their way from a worker to who called it."""

from __future__ import annotations

from typing import Any

from modpkg.errors import BadInputError, DocumentError, ModpkgError, Problem


def error_fields(error: ModpkgError) -> dict[str, Any]:
    """Give an error as an object of which `error_from` makes one again."""
    problems = error.problems if isinstance(error, DocumentError) else []
    fields = [{name: getattr(p, name) for name in Problem.__slots__} for p in problems]
    return {
        "what": error.what,
        "where": error.where,
        "hint": error.hint,
        "bad_input": isinstance(error, BadInputError),
        "problems": fields,
    }


def error_from(fields: dict[str, Any]) -> ModpkgError:
    """Give the error of which `error_fields` made an object."""
    if fields["problems"]:
        return DocumentError([Problem(**problem) for problem in fields["problems"]])
    kind = BadInputError if fields["bad_input"] else ModpkgError
    return kind(fields["what"], where=fields["where"], hint=fields["hint"])
