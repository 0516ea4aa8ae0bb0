from __future__ import annotations

import json
import re
from typing import Annotated, Any

import pytest
from pydantic import StringConstraints, TypeAdapter, ValidationError

from modpkg.formats.forms import FORMS
from modpkg.formats.schema import KINDS, schema_of
from modpkg.formats.words import Fault, closest, describe, shown
from modpkg.model import (
    address,
    changelog,
    config,
    disks,
    files,
    hostlist,
    manifest,
    patterns,
    recipe,
    repository_document,
    settings,
    site,
    size,
)


def fault(kind: str, value: object, *, written: str = "", **context: object) -> Fault:
    return Fault(kind=kind, value=value, written=written, context=context)


def patterns_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["pattern"]} if isinstance(value.get("pattern"), str) else set()
        return own.union(*map(patterns_of, value.values()))
    return set().union(*map(patterns_of, value)) if isinstance(value, list) else set()


def test_every_pattern_of_a_document_has_words() -> None:
    found = set().union(*(patterns_of(json.loads(json.dumps(schema_of(kind)))) for kind in KINDS))
    assert found
    assert found - FORMS.keys() == set()


def test_a_number_that_should_be_text_gets_the_quotes_to_write() -> None:
    message, hint = describe(fault("string_type", 1.1, written="1.10"))
    assert message == "must be text, not the number 1.1"
    assert hint == 'write it in quotes, "1.10": YAML reads it as the number 1.1'


@pytest.mark.parametrize(
    ("kind", "value", "message", "hint"),
    [
        ("tuple_type", "a", "must be a list, not the text 'a'", "write [a]"),
        ("tuple_type", {}, "must be a list, not a mapping", "begin each entry with a dash"),
        ("tuple_type", None, "is empty", "write a list"),
        ("dict_type", (), "must be a mapping, not a list", ""),
        ("int_type", "7", "must be a whole number, not the text '7'", "write it without quotes"),
        ("int_type", "x", "must be a whole number, not the text 'x'", ""),
        ("int_type", True, "must be a whole number, not the value true", ""),
    ],
)
def test_wrong_kinds(kind: str, value: object, message: str, hint: str) -> None:
    assert describe(fault(kind, value)) == (message, hint)


def test_one_choice_is_not_called_one_of() -> None:
    assert describe(fault("literal_error", "xz", expected="'zstd'"))[0] == "'xz' is not zstd"


def test_a_choice_of_numbers() -> None:
    message, hint = describe(fault("literal_error", 4096, expected="131072"))
    assert message == "the number 4096 is not 131072"
    assert hint == "known: 131072"


def test_long_values_are_cut() -> None:
    assert shown("x" * 500) == "the text '" + "x" * 37 + "...'"


def test_values_cannot_write_to_the_terminal() -> None:
    assert "\x1b" not in shown("\x1b[31m")


def test_an_unforeseen_error_keeps_its_words() -> None:
    unforeseen = Fault(kind="new_kind", value=1, context={}, words="Input is odd")
    assert describe(unforeseen) == ("input is odd", "")


def test_closest_names_one_or_all_or_nothing() -> None:
    assert closest("depnds", ["depends", "provides"]) == "did you mean 'depends'?"
    assert closest("xyz", ["b", "a"]) == "known: a, b"
    assert closest("xyz", []) == ""


# For each pattern what it takes, the examples of its hint among them, and what it has to refuse.
TEXTS = {
    patterns.NAME_PATTERN: (
        ["slurm", "slurm-24", "a1"],
        ["Slurm", "-a", "a-", "a--b", "1a", "a_b", "a\n", ""],
    ),
    patterns.PACKAGE_PATTERN: (["libstdc++6", "g++", "0ad"], ["a", "A1", "+a", "a b", "a\n"]),
    patterns.UPSTREAM_PATTERN: (
        ["12.0.3", "0.0.0"],
        ["12.0", "12.0.3.1", "1.01.0", "v1.0.0", "1.0.0-1", "1.0.٣"],
    ),
    patterns.VERSION_PATTERN: (
        ["12.0.3-41"],
        ["12.0.3", "12.0.3-0", "12.0.3-01", "12.0.3-41\n", "1:2.0.3-4"],
    ),
    patterns.LINE_PATTERN: (["a", "Größe: 5 €"], ["", " a", "a ", "a\tb", "a\nb", "\x1b[31m"]),
    patterns.WORD_PATTERN: (["main", "non-free-firmware"], ["", "a b", "a\n"]),
    patterns.PATH_PATTERN: (["/", "/etc", "/etc/a b"], ["", "etc", "/etc/", "//etc", "/a\nb"]),
    patterns.URL_PATTERN: (
        ["https://slurm.schedmd.com/"],
        ["ftp://a", "https://", "https://a b", "slurm.org"],
    ),
    patterns.PERSON_PATTERN: (
        ["Name <user@example.org>"],
        ["Name", "<user@example.org>", "Name <user>", "a\nb <c@d>"],
    ),
    patterns.ACCOUNT_PATTERN: (["munge", "_rpc", "systemd-network"], ["", "1a", "a b", "a:b", "-a"]),
    patterns.SHA256_PATTERN: (["0f" * 32], ["0F" * 32, "0f" * 31, "g" * 64, "0f" * 32 + "\n"]),
    address.MACS_PATTERN: (
        ["52:54:00:12:34:56", "52:54:00:12:34:56 52:54:00:12:34:57"],
        ["", "52:54:00:12:34", "52-54-00-12-34-56", "52:54:00:12:34:AB", "52:54:00:12:34:56\n"],
    ),
    address.DEVICE_PATTERN: (["eth0", "enp1s0f1", "bond0.12"], ["", "a b", "e" * 16, "eth0/", "eth0\n"]),
    address.DOMAIN_PATTERN: (["cluster", "a-b.example.org"], ["", ".a", "a.", "a..b", "-a", "A.org", "a\n"]),
    disks.SIZE_PATTERN: (
        ["400MiB", "1GiB", "2TiB", "rest"],
        ["", "0MiB", "400M", "400 MiB", "all", "1GiB\n"],
    ),
    disks.MEMBER_PATTERN: (
        ["var", "a.md0", "disk-1.my-data"],
        ["", "a.", ".a", "a.b.c", "A.b", "a b", "a\n"],
    ),
    disks.PROPERTY_PATTERN: (
        ["on", "1.5T", "zstd-19", "sha256,verify", "rw=@10.0.0.0/16", "feature@lz4"],
        ["", "-on", "a b", "a'b", "a;b", "$(a)", "a\n"],
    ),
    disks.PATTERN_PATTERN: (
        ["S3Z8*", "WD-?1", "/dev/nvme0n1", "*"],
        ["", "a b", "$(x)", "a'b", 'a"', "a;b", "[ab]", "a\n"],
    ),
    hostlist.HOST_PATTERN: (
        ["beo-01", "a", "0"],
        ["", "-a", "a-", "A", "a_b", "a.b", "a" * 64, "a\n"],
    ),
    config.ADDRESS_PATTERN: (
        ["https://a", "http://a/b", "file:///srv"],
        ["file://srv", "https:///a", "rsync://a"],
    ),
    changelog.MOMENT_PATTERN: (
        ["2024-05-31T12:00:00Z"],
        ["2024-05-31", "2024-05-31T12:00:00+02:00", "24-05-31T1:0:0Z"],
    ),
    changelog.INPUTS_PATTERN: ([f"sha256:{'0f' * 32}"], ["0f" * 32, "sha256:0f", f"md5:{'0f' * 32}"]),
    changelog.CHANGE_PATTERN: (["First release.", "One.\nTwo."], ["", " a", "a\tb", "\na"]),
    manifest.PIN_PATTERN: (["12.0.3-41", "~12.0", "~12"], ["12.0", "~", ">=12.0", "~12.0.3-41-1", "*"]),
    patterns.GLOB_PATTERN: (["/usr/share/doc/**", "/*"], ["usr/**", "/", "/a\nb"]),
    recipe.MODE_PATTERN: (["0644", "04755"], ["644", "0888", "u+x", "0o644", "06444444"]),
    recipe.UNIT_PATTERN: (
        ["munge.service", "getty@tty1.service"],
        ["munge", ".service", "a b.service", "a/b.mount"],
    ),
    site.HASH_PATTERN: (
        [f"$6$salt${'h' * 86}", f"$5$salt${'h' * 43}", f"$2b$12${'h' * 53}"],
        ["", "hunter2", "*", f"$1$salt${'h' * 22}", "$6$salt$h", f"$6$salt${'h' * 86}\n"],
    ),
    site.DOMAIN_PATTERN: (["cluster.example.org", "local"], ["", ".", "a..b", "-a", "a-", "a b", "a\n"]),
    site.ZONE_PATTERN: (["UTC", "Europe/Berlin", "Etc/GMT+12"], ["", "/UTC", "Europe/", "../x", "a b"]),
    patterns.RELATIVE_PATTERN: (["a", "a/b c"], ["", "/a", "a/", "a//b", "a\n"]),
    files.BELOW_ROOT_PATTERN: (["/etc/x", "/a"], ["", "/", "//", "a", "//a"]),
    settings.MOUNT_POINT_PATTERN: (["/home", "/a-b/c"], ["", "/", "home", "/a b", "/a\\b", "/a/", "/a\n"]),
    settings.MOUNT_WORD_PATTERN: (["10.0.0.1:/home", "rw,hard"], ["", "a b", "a\\", "a\n"]),
    size.SIZE_PATTERN: (["150 MB", "1.5 GiB", "0.5 kB"], ["", "150", "150MB", "150 mb", "0 MB", "01 MB"]),
    repository_document.BASE_URL_PATTERN: (["https://a", "file:///srv/repo"], ["a", "https://", "ssh://a"]),
    repository_document.KEY_PATTERN: (
        ["0123456789ABCDEF" * 2 + "01234567"],
        ["0123", "0123456789abcdef" * 2 + "01234567"],
    ),
}


def takes(pattern: str, text: str) -> bool:
    try:
        TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)]).validate_python(text)
    except ValidationError:
        return False
    return True


def test_every_form_is_tried() -> None:
    assert TEXTS.keys() == FORMS.keys()


@pytest.mark.parametrize("pattern", TEXTS)
def test_a_form_takes_what_it_says_and_no_more(pattern: str) -> None:
    good, bad = TEXTS[pattern]
    assert [text for text in good if not takes(pattern, text)] == []
    assert [text for text in bad if takes(pattern, text)] == []


def test_examples_of_hints_are_taken() -> None:
    examples = [
        (pattern, word.strip('",:'))
        for pattern, (_, hint) in FORMS.items()
        for word in re.findall(r"(?:such as|exactly,|track with|UTC as) (\S+)", hint)
    ]
    assert len(examples) >= 8
    assert [example for pattern, example in examples if not takes(pattern, example)] == []
