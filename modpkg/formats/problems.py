"""pydantic's errors as problems with a place: one for each fault, whatever way pydantic found it.

It reads no files and raises nothing: it turns errors into values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args, get_origin

from modpkg.formats.drafts import KEY
from modpkg.formats.words import Fault, closest, describe, shown
from modpkg.model.document import UNSHOWN, Document

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from modpkg.errors import Problem
    from modpkg.formats.yaml import Keys, Parsed

KINDS: Final = {"tuple": "a list", "dict": "a mapping", "str": "text", "int": "a number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    # `way` follows the document, not pydantic's names for the arms of a union, which `arm` keeps.
    way: Keys
    value: Any
    arm: tuple[Keys, str] | None
    error: ErrorDetails


def problems_of(error: ValidationError, parsed: Parsed, model: type[Document]) -> list[Problem]:
    """Give one problem for each fault that pydantic found in a parsed document."""
    findings = _findings(error, parsed)
    fresh = [finding for finding in findings if not _inside(finding.way, parsed.faulty)]
    alone = [finding for finding in fresh if finding.arm is None]
    problems = [_problem(finding, parsed, model) for finding in alone]
    arms = sorted((f for f in fresh if f.arm is not None), key=lambda finding: str(finding.arm))
    for _, group in groupby(arms, key=lambda finding: finding.arm and finding.arm[0]):
        problems.extend(_one_arm(list(group), parsed, model))
    return problems


def faulty_ways(error: ValidationError, parsed: Parsed) -> frozenset[Keys]:
    """Give where the values and keys are that pydantic refused, as `drafts` takes them; what is missing is nowhere."""
    findings = _findings(error, parsed)
    return frozenset(
        (*finding.way, *(finding.error["loc"][-1:] if finding.error["loc"][-1:] == (KEY,) else ()))
        for finding in findings
        if finding.error["type"] != "missing"
        and (finding.arm is None or _is_meant(finding, findings, parsed))
    )


def way_text(way: Keys) -> str:
    """Write a way as people do: contents[1].file-info.mode."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way)
    return text.removeprefix(".")


def known_keys(model: type[Document], way: Keys) -> list[str]:
    """Give the keys that a mapping at `way` of a document may have; none when any is allowed."""
    kinds: list[Any] = [model]
    for step in way:
        kinds = [below for kind in kinds for below in _below(kind, step)]
    return [key for kind in kinds if _is_document(kind) for key in _aliases(kind)]


def _findings(error: ValidationError, parsed: Parsed) -> list[_Finding]:
    findings = [_follow(detail, parsed.value) for detail in error.errors(include_url=False)]
    # pydantic counts the sound items of a list: one whose items are all faulty is not empty.
    return [
        finding
        for finding in findings
        if finding.error["type"] != "too_short" or len(finding.value) < finding.error["ctx"]["min_length"]
    ]


def _follow(detail: ErrorDetails, value: Any) -> _Finding:
    way: Keys = ()
    arm = None
    for step in detail["loc"]:
        if step in _steps(value):
            way, value = (*way, step), value[step]
        elif step != KEY and detail["type"] != "missing":
            arm = (way, str(step))
    return _Finding(way=way, value=value, arm=arm, error=detail)


def _steps(value: Any) -> Container[str | int]:
    if isinstance(value, dict):
        return value
    return range(len(value)) if isinstance(value, tuple) else ()


def _inside(way: Keys, faulty: frozenset[Keys]) -> bool:
    return any(way[: len(start)] == start for start in faulty)


def _is_meant(finding: _Finding, findings: list[_Finding], parsed: Parsed) -> bool:
    way = finding.arm[0] if finding.arm else ()
    mine = _of_kind([one for one in findings if one.arm and one.arm[0] == way], parsed)
    return not mine or finding in mine


def _of_kind(group: list[_Finding], parsed: Parsed) -> list[_Finding]:
    value = parsed.value
    for step in group[0].arm[0] if group[0].arm else ():
        value = value[step]
    kind = type(value).__name__
    return [finding for finding in group if finding.arm and finding.arm[1].startswith(f"{kind}[")]


def _one_arm(group: list[_Finding], parsed: Parsed, model: type[Document]) -> list[Problem]:
    # Of a union's arms only the one for the kind of value that is there tells what the writer meant.
    way = group[0].arm[0] if group[0].arm else ()
    value = parsed.value
    for step in way:
        value = value[step]
    meant = _of_kind(group, parsed)
    if meant:
        return [_problem(finding, parsed, model) for finding in meant]
    labels = [finding.arm[1].partition("[")[0] for finding in group if finding.arm]
    wanted = " or ".join(dict.fromkeys(KINDS.get(label, label) for label in labels))
    message = f"{way_text(way)}: must be {wanted}, not {shown(value)}"
    return [parsed.problem(way, message, hint="")]


def _problem(finding: _Finding, parsed: Parsed, model: type[Document]) -> Problem:
    detail, way = finding.error, finding.way
    if detail["type"] == "missing":
        missing = way_text((*way, detail["loc"][-1]))
        return parsed.problem(way, f"{missing}: is missing")
    if detail["type"] == "extra_forbidden":
        hint = closest(str(way[-1]), known_keys(model, way[:-1]))
        return parsed.problem(way, f"{way_text(way)}: unknown key", hint=hint, key=True)
    is_key = detail["loc"][-1:] == (KEY,)
    fault = Fault(
        kind=detail["type"],
        value=way[-1] if is_key else finding.value,
        written="" if is_key else parsed.written.get(way, ""),
        context=detail.get("ctx", {}),
        words=detail["msg"],
    )
    message, hint = describe(fault)
    text = f"{way_text(way)}: {message}" if way else f"the document {message}"
    problem = parsed.problem(way, text, hint=hint, key=is_key)
    # What was meant to be a hash may be a password: its line goes to no terminal and no log.
    return replace(problem, source="") if detail["type"] == UNSHOWN else problem


def _below(kind: Any, step: str | int) -> Iterator[Any]:
    for part in _parts(kind):
        if _is_document(part) and isinstance(step, str):
            fields = part.model_fields.values()
            yield from (p for f in fields if f.alias == step for p in _parts(f.annotation))
        elif get_origin(part) in {dict, tuple}:
            yield from _parts(get_args(part)[1 if get_origin(part) is dict else 0])


def _parts(kind: Any) -> Iterator[Any]:
    # The members of a union, free of Annotated; a kind that is no union is its only member.
    if get_origin(kind) is Annotated:
        yield from _parts(get_args(kind)[0])
    elif get_origin(kind) in {dict, tuple} or not get_args(kind):
        yield kind
    else:
        for member in get_args(kind):
            yield from _parts(member)


def _is_document(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Document)


def _aliases(kind: type[Document]) -> list[str]:
    return [field.alias or name for name, field in kind.model_fields.items()]
