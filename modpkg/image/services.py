"""Which services have to be restarted when an image takes the place of another one, and why. Pure.

The rule: a service that stays is restarted when its unit or a drop-in changes, a program that it runs, another file
of the package of that program, a shared library of a package that this one depends on (over any number of steps), or
a configuration file that its module brings without a package. One that comes is started, one that goes is stopped.
Not seen are libraries that a program loads without a dependency, files that it reads from other packages, and what
services outside of the image need. Units of one run (`Type=oneshot`) run at the next boot, so they are left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from modpkg.image.units import SERVICE, enabled_units, masked_units, resolved, unit_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from modpkg.image.changes import FileChange, Layout
    from modpkg.image.units import ServiceUnit
    from modpkg.model.module import Module

LIBRARY: Final = re.compile(r"\.so(\.|$)")
# Texts that no program reads.
DOCUMENTS: Final = ("usr/share/doc/", "usr/share/man/", "usr/share/locale/", "var/lib/dpkg/")
FIELD: Final = re.compile(r"^(Package|Depends|Pre-Depends):[ \t]*(.*)$", re.MULTILINE)
NAME: Final = re.compile(r"(?:^|[,|])\s*([a-z0-9][-+.a-z0-9]+)")
SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChange:
    """What is to be done with one service; a service that is not enabled runs only if somebody started it."""

    unit: str
    module: str
    action: Literal["restart", "start", "stop"]
    is_enabled: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What fragments tell and module.json does not.

    `services` are the units by name, `owners` the package of each path as dpkg has it.
    """

    services: Mapping[str, ServiceUnit]
    owners: Mapping[str, str]


def service_changes(
    old: Layout, new: Layout, files: Sequence[FileChange], *, modules: Sequence[Module], inside: Inside
) -> tuple[ServiceChange, ...]:
    """Give the services of which something is to be done, by name; `modules` and `inside` are the new image's."""
    before, after = _units(old), _units(new)
    question = _Question(new, files, inside, modules)
    enabled, masked = enabled_units(new), masked_units(new)
    found = []
    for unit in sorted(before.keys() | after.keys()):
        if unit not in after:
            found.append(
                _change(unit, before[unit], "stop", ["it is not in the new image"], enabled_units(old))
            )
        elif unit not in masked and inside.services.get(unit) and inside.services[unit].type != "oneshot":
            reasons = list(question.reasons(unit, after[unit]))
            if unit not in before:
                found.append(_change(unit, after[unit], "start", ["it is new"], enabled))
            elif reasons:
                found.append(_change(unit, after[unit], "restart", reasons, enabled))
    return tuple(found)


def _units(layout: Layout) -> dict[str, str]:
    # The module that brings the unit itself; a link is another name of one.
    return {
        unit_name(path): module
        for path, (module, line) in layout.paths.items()
        if path.endswith(SERVICE) and line.startswith("file ") and unit_name(path) == path.rpartition("/")[2]
    }


def _change(
    unit: str,
    module: str,
    action: Literal["restart", "start", "stop"],
    reasons: list[str],
    enabled: frozenset[str],
) -> ServiceChange:
    return ServiceChange(
        unit=unit, module=module, action=action, is_enabled=unit in enabled, reasons=tuple(reasons)
    )


class _Question:
    """Why a service would be restarted, asked for many services of one pair of images."""

    def __init__(
        self, layout: Layout, files: Sequence[FileChange], inside: Inside, modules: Sequence[Module]
    ) -> None:
        self.layout = layout
        self.inside = inside
        self.changed = {change.path[1:]: change for change in files}
        self.below = _dependencies(modules)
        # A package lists the names of a system that is not merged; the image has all of them below /usr.
        self.owners = {_merged(path, layout): package for path, package in inside.owners.items()}
        self.files: defaultdict[str, list[str]] = defaultdict(list)
        self.own: defaultdict[str, list[str]] = defaultdict(list)
        self.units: defaultdict[str, list[str]] = defaultdict(list)
        for path, change in self.changed.items():
            if name := unit_name(path):
                self.units[name].append(path)
            elif package := self.owners.get(path):
                self.files[package].append(path)
            elif path.startswith("etc/"):
                self.own[change.module].append(path)

    def reasons(self, unit: str, module: str) -> Iterator[str]:
        """Give the reasons in words."""
        yield from _listed("its unit changed", self.units.get(unit, ()))
        programs = [resolved(path, self.layout) for path in self.inside.services[unit].programs]
        yield from _listed("its program changed", [path for path in programs if path in self.changed])
        packages = {self.owners[path] for path in programs if path in self.owners}
        for package in sorted(packages):
            rest = [path for path in self.files[package] if path not in programs and _is_read(path)]
            yield from _listed(f"its package {package} changed", rest)
        for library in sorted(_closure(packages, self.below) - packages):
            yield from _listed(
                f"a library of {library} changed",
                [path for path in self.files[library] if LIBRARY.search(path)],
            )
        yield from _listed("its configuration changed", self.own[module])


def _listed(what: str, paths: Iterable[str]) -> Iterator[str]:
    names = [f"/{path}" for path in paths]
    if names:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield f"{what}: {', '.join(names[:SHOWN])}{more}"


def _is_read(path: str) -> bool:
    return not path.startswith(DOCUMENTS)


def _merged(path: str, layout: Layout) -> str:
    return path if path in layout.paths else f"usr/{path}" if f"usr/{path}" in layout.paths else path


def _dependencies(modules: Iterable[Module]) -> Mapping[str, frozenset[str]]:
    found = {}
    for module in modules:
        for stanza in module.state.stanzas:
            fields = dict(FIELD.findall(stanza))
            words = ", ".join(fields.get(name, "") for name in ("Depends", "Pre-Depends"))
            found[fields.get("Package", "")] = frozenset(NAME.findall(words))
    return found


def _closure(packages: set[str], below: Mapping[str, frozenset[str]]) -> set[str]:
    found, pending = set(packages), list(packages)
    while pending:
        for name in below.get(pending.pop(), ()):
            if name not in found:
                found.add(name)
                pending.append(name)
    return found
