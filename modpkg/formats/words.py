"""pydantic's complaints in our words: what is wrong with one value, and the way out. It knows no places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from modpkg.model import (
    address,
    changelog,
    config,
    disks,
    document,
    hostlist,
    manifest,
    recipe,
    repository,
    site,
    size,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

LONGEST_VALUE: Final = 40
SECRET_HINTS: Final = {
    "is no hash of crypt(5), or one of a method that is too weak": "make one: mkpasswd --method=yescrypt",
    "is not one line with a public key": "take the line of a file that ends in .pub",
}
VERSION_HINT: Final = "three numbers without leading zeros, such as 12.0.3"
# What a text that has to match a pattern is called, and how to write it.
FORMS: Final[Mapping[str, tuple[str, str]]] = {
    document.NAME_PATTERN: ("a name", "lower-case letters, digits and single dashes; a letter comes first"),
    document.PACKAGE_PATTERN: ("a package name", "lower-case letters, digits, '+', '-' and '.'"),
    document.UPSTREAM_PATTERN: ("a version", f"write X.Y.Z: {VERSION_HINT}"),
    document.VERSION_PATTERN: ("a version", "write X.Y.Z-R, such as 12.0.3-41: R counts the entries"),
    document.LINE_PATTERN: ("one line of text", "no line breaks, no tabs, no spaces at its ends"),
    document.WORD_PATTERN: ("one word", "no spaces, no line breaks"),
    document.PATH_PATTERN: ("an absolute path", "a path starts with / and does not end with one"),
    document.URL_PATTERN: ("an address", "it starts with https://"),
    document.PERSON_PATTERN: ("a person", "write Name <user@example.org>"),
    document.ACCOUNT_PATTERN: (
        "an account",
        "letters, digits, '_', '-' and '.'; a letter or '_' comes first",
    ),
    document.SHA256_PATTERN: ("a sha256 digest", "64 digits of 0-9a-f"),
    address.MACS_PATTERN: (
        "the MAC of a network card",
        "write 52:54:00:12:34:56 in lower-case letters; several stand in one text, with a space between",
    ),
    address.DEVICE_PATTERN: ("a network device", "at most 15 letters, digits, '_', '-' and '.'"),
    address.DOMAIN_PATTERN: ("a domain", "lower-case words joined by dots, such as cluster.example.org"),
    disks.SIZE_PATTERN: ("a size", "write a number and MiB, GiB or TiB, such as 400MiB, or rest"),
    disks.MEMBER_PATTERN: (
        "a partition or an array",
        "write disk.partition, such as a.data, or an array's name",
    ),
    disks.PATTERN_PATTERN: ("a pattern", "letters, digits, '*', '?' and '_.:/+=@-'"),
    hostlist.HOST_PATTERN: ("the name of a node", "lower-case letters, digits and dashes, at most 63"),
    config.ADDRESS_PATTERN: ("an address", "it starts with https://, http:// or file:///"),
    changelog.MOMENT_PATTERN: ("a moment", "write it in UTC as 2024-05-31T12:00:00Z"),
    changelog.INPUTS_PATTERN: ("a digest", "`invoke release-module` writes it; do not change it by hand"),
    changelog.CHANGE_PATTERN: ("a change", "say in words what changed"),
    manifest.PIN_PATTERN: ("a version to pin", "write one exactly, 12.0.3-41, or track with ~12.0"),
    document.GLOB_PATTERN: ("a glob", "it starts with /, such as /usr/share/doc/**"),
    recipe.MODE_PATTERN: ("a file mode", 'octal digits in quotes, such as "0644"'),
    recipe.UNIT_PATTERN: ("a systemd unit", "give its full name, such as munge.service"),
    site.HASH_PATTERN: ("a hash of crypt(5)", "make one: mkpasswd --method=yescrypt"),
    site.DOMAIN_PATTERN: ("a domain", "such as cluster.example.org"),
    site.ZONE_PATTERN: ("a time zone", "its name below /usr/share/zoneinfo, such as Europe/Berlin"),
    size.SIZE_PATTERN: ("a size", "a number, a space, and kB, MB, GB (of 1000), KiB, MiB or GiB: 150 MB"),
    repository.BASE_URL_PATTERN: ("an address", "it starts with https://, http:// or file://"),
    repository.KEY_PATTERN: ("a key's fingerprint", "40 digits of 0-9A-F, in quotes"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One value that does not fit: pydantic's type and context, the value, and how YAML had it written."""

    kind: str
    value: Any
    written: str = ""
    context: Mapping[str, Any]
    words: str = ""


Words = tuple[str, str]


def describe(fault: Fault) -> Words:
    """Give message and hint for a fault."""
    if fault.kind in WANTED:
        return _wrong_kind(fault, WANTED[fault.kind])
    tell = TELLERS.get(fault.kind)
    return tell(fault) if tell else (fault.words[:1].lower() + fault.words[1:], "")


def closest(word: str, known: Iterable[str]) -> str:
    """Give a hint that names the known word most like `word`, or all of them when none is like it."""
    names = sorted(known)
    matches = get_close_matches(word, names, n=1, cutoff=0.6)
    if matches:
        return f"did you mean {matches[0]!r}?"
    return f"known: {', '.join(names)}" if names else ""


def shown(value: object) -> str:
    """Give a value as a message shows it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the value {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {_quoted(value)}"
        case dict():
            return "a mapping"
        case _:
            return "a list"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "...")


def _wrong_kind(fault: Fault, wanted: str) -> Words:
    value = fault.value
    if value is None:
        return "is empty", f"write {wanted}"
    return f"must be {wanted}, not {shown(value)}", _kind_hint(fault, wanted)


def _kind_hint(fault: Fault, wanted: str) -> str:
    value = fault.value
    if wanted == "text" and fault.written:
        return f'write it in quotes, "{fault.written}": YAML reads it as {shown(value)}'
    if wanted == "a list" and isinstance(value, str):
        return f"write [{value}]" if len(value) <= LONGEST_VALUE else ""
    if wanted == "a list" and isinstance(value, dict):
        return "begin each entry with a dash"
    if wanted == "a whole number" and isinstance(value, str) and value.isdigit():
        return "write it without quotes"
    return ""


def _pattern(fault: Fault) -> Words:
    noun, hint = FORMS.get(fault.context["pattern"], ("what is allowed here", ""))
    return (f"{_quoted(fault.value)} is not {noun}", hint) if fault.value else ("is empty", hint)


def _literal(fault: Fault) -> Words:
    choices = re.findall(r"'([^']*)'|(\d+)", fault.context["expected"])
    names = [text or number for text, number in choices]
    hint = closest(fault.value, names) if isinstance(fault.value, str) else f"known: {', '.join(names)}"
    value = _quoted(fault.value) if isinstance(fault.value, str) else shown(fault.value)
    return f"{value} is not {'one of ' if len(names) > 1 else ''}{', '.join(names)}", hint


def _too_short(fault: Fault) -> Words:
    return "is an empty list", f"write at least {fault.context['min_length']}"


def _too_long(fault: Fault) -> Words:
    return f"has {len(fault.value)} characters, {fault.context['max_length']} are allowed", ""


def _limit(word: str, name: str) -> Callable[[Fault], Words]:
    def tell(fault: Fault) -> Words:
        return f"must be {word} {fault.context[name]}, not {fault.value}", ""

    return tell


def _own(fault: Fault) -> Words:
    return str(fault.context["error"]), ""


WANTED: Final[Mapping[str, str]] = {
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "int_type": "a whole number",
    "bool_type": "true or false",
}
TELLERS: Final[Mapping[str, Callable[[Fault], Words]]] = {
    "string_pattern_mismatch": _pattern,
    "literal_error": _literal,
    "string_too_short": lambda _: ("is empty", ""),
    "string_too_long": _too_long,
    "string_unicode": lambda _: ("holds half a character (a lone surrogate)", "write the character itself"),
    "too_short": _too_short,
    "greater_than_equal": _limit("at least", "ge"),
    "less_than_equal": _limit("at most", "le"),
    "less_than": _limit("less than", "lt"),
    "value_error": _own,
    site.UNSHOWN: lambda fault: (fault.words, SECRET_HINTS.get(fault.words, "")),
}
