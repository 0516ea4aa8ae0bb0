"""Security fixes between two versions of packages, as their changelogs tell them. Pure.

An entry has the form of deb-changelog(5). It counts as a fix of security when it names a CVE, or was made for a
suite of security updates. Modules carry the newest entries alone, so a fix may be older than what they tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from debian.debian_support import NativeVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from modpkg.image.changes import PackageChange

HEAD: Final = re.compile(
    r"^(?P<source>\w[-+0-9a-z.]*) \((?P<version>[^() \t]+)\)(?P<suites>(?:\s+[-+0-9a-zA-Z.]+)+);(?P<rest>.*)$",
    re.MULTILINE,
)
URGENCY: Final = re.compile(r"urgency=(\w+)")
DATE: Final = re.compile(r"^ -- .*?>  (.*)$", re.MULTILINE)
CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DebianEntry:
    """One entry of a distribution package's changelog."""

    source: str
    version: str
    suites: tuple[str, ...]
    urgency: str
    date: str
    cves: tuple[str, ...]

    @property
    def is_security(self) -> bool:
        """Whether it is a fix of security."""
        return bool(self.cves) or any(suite.endswith("-security") for suite in self.suites)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityFix:
    """One entry that an image gains, or loses where `is_lost`; `packages` are made of its source."""

    source: str
    version: str
    date: str
    urgency: str
    cves: tuple[str, ...]
    packages: tuple[str, ...]
    is_lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixes:
    """What was found, and the sources whose changelogs do not reach back to the older version."""

    fixes: tuple[SecurityFix, ...]
    untold: tuple[str, ...]


def parse_entries(text: str) -> Iterator[DebianEntry]:
    """Read changelogs that follow each other; what is between entries is passed over."""
    heads = list(HEAD.finditer(text))
    starts = [*(head.start() for head in heads), len(text)]
    for head, end in zip(heads, starts[1:], strict=True):
        body = text[head.end() : end]
        urgency, date = URGENCY.search(head["rest"]), DATE.search(body)
        yield DebianEntry(
            source=head["source"],
            version=head["version"],
            suites=tuple(head["suites"].split()),
            urgency=urgency[1].lower() if urgency else "",
            date=date[1].strip() if date else "",
            cves=tuple(sorted(set(CVE.findall(body)), key=_cve_order)),
        )


def security_fixes(changes: Iterable[PackageChange], *, old: str, new: str) -> Fixes:
    """Give the fixes in the steps of packages; `old` and `new` are the changelogs that both sides carry."""
    before, after = _by_source(old), _by_source(new)
    fixes: list[SecurityFix] = []
    untold: list[str] = []
    for source, steps in _sources(changes).items():
        lower, upper, is_lost = _span(steps[0])
        entries = (before if is_lost else after).get(source, {})
        told = [entry for version, entry in entries.items() if _between(lower, version, upper)]
        names = tuple(step.name for step in steps)
        fixes += [_fix(entry, names, is_lost=is_lost) for entry in told if entry.is_security]
        if not any(NativeVersion(version) <= NativeVersion(lower) for version in entries):
            untold.append(source)
    return Fixes(fixes=tuple(fixes), untold=tuple(untold))


def _by_source(text: str) -> dict[str, dict[str, DebianEntry]]:
    found: dict[str, dict[str, DebianEntry]] = {}
    for entry in parse_entries(text):
        found.setdefault(entry.source, {}).setdefault(entry.version, entry)
    return found


def _sources(changes: Iterable[PackageChange]) -> Mapping[str, list[PackageChange]]:
    found: dict[str, list[PackageChange]] = {}
    for change in changes:
        # Another build of the same source, or a package that comes or goes, has no entries in between.
        if change.step in {"up", "down"} and change.old_source_version != change.new_source_version:
            found.setdefault(change.source, []).append(change)
    return found


def _span(step: PackageChange) -> tuple[str, str, bool]:
    old, new = step.old_source_version, step.new_source_version
    is_lost = NativeVersion(new) < NativeVersion(old)
    return (new, old, True) if is_lost else (old, new, False)


def _between(lower: str, version: str, upper: str) -> bool:
    return bool(NativeVersion(lower) < NativeVersion(version) <= NativeVersion(upper))


def _fix(entry: DebianEntry, packages: tuple[str, ...], *, is_lost: bool) -> SecurityFix:
    return SecurityFix(
        source=entry.source,
        version=entry.version,
        date=entry.date,
        urgency=entry.urgency,
        cves=entry.cves,
        packages=packages,
        is_lost=is_lost,
    )


def _cve_order(name: str) -> tuple[int, int]:
    _, year, number = name.split("-")
    return int(year), int(number)
