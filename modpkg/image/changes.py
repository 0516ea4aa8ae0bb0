"""What changes from one set of modules to another: modules, packages, files, sizes. Pure.

Two images are compared by the module.json of their modules; nothing of an image itself is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from debian.debian_support import NativeVersion

from modpkg.image.order import in_order
from modpkg.image.paths import plain
from modpkg.model.version import ModuleVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from modpkg.model.module import ChangelogEntry, IncludedPackage, Module

# "same": the version stays and the content does not.
Step = Literal["up", "down", "in", "out", "same"]
FileStep = Literal["added", "removed", "changed"]
# Places of the words of a path's line in module.json.
FACTS: Final = {0: "type", 1: "mode", 2: "owner", 3: "group"}
HEAD_WORDS: Final = 4
BODY_WORDS: Final = {"file": 2, "symlink": 1, "char": 1, "block": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleChange:
    """One module; sizes are those of its fragment in bytes, 0 where it is not there.

    `entries` are the changelog's between the versions, newest first; of a module that goes down, those undone.
    """

    name: str
    step: Step
    old: str
    new: str
    old_size: int
    new_size: int
    entries: tuple[ChangelogEntry, ...] = ()

    @property
    def delta(self) -> int:
        """By how many bytes the image grows."""
        return self.new_size - self.old_size


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageChange:
    """One distribution package, with its source and the modules that bring it."""

    name: str
    step: Step
    old: str
    new: str
    source: str
    old_source_version: str
    new_source_version: str
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One path, with a leading slash, and the module that brings it (or brought it, where it is removed).

    `what` names what differs: type, mode, owner, group, content, target, attributes.
    """

    path: str
    step: FileStep
    module: str
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths that modules show together: {path: (module, line)}, without leading slashes."""

    paths: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, modules: Iterable[Module]) -> Layout:
        """Stack modules as an image does."""
        return cls({path: (m.name, plain(line)) for m in in_order(modules) for path, line in m.paths.items()})

    def line(self, path: str) -> str:
        """Give what lies at a path, "" for nothing."""
        return self.paths.get(path, ("", ""))[1]


def module_changes(old: Sequence[Module], new: Sequence[Module]) -> tuple[ModuleChange, ...]:
    """Give the modules that differ, by name."""
    before, after = ({module.name: module for module in side} for side in (old, new))
    changes = (_module_change(before.get(n), after.get(n)) for n in sorted({*before, *after}))
    return tuple(change for change in changes if change)


def _module_change(old: Module | None, new: Module | None) -> ModuleChange | None:
    if old and new and old.fragment.sha256 == new.fragment.sha256 and old.version == new.version:
        return None
    one = new or old
    assert one is not None  # noqa: S101 - a name is of one side at least
    return ModuleChange(
        name=one.name,
        step=_step(
            ModuleVersion.parse(old.version) if old else None,
            ModuleVersion.parse(new.version) if new else None,
        ),
        old=old.version if old else "",
        new=new.version if new else "",
        old_size=old.fragment.size if old else 0,
        new_size=new.fragment.size if new else 0,
        entries=tuple(_entries_between(old, new)),
    )


def _entries_between(old: Module | None, new: Module | None) -> Iterator[ChangelogEntry]:
    if old is None or new is None:
        return
    versions = sorted(ModuleVersion.parse(module.version) for module in (old, new))
    newer = max(old, new, key=lambda module: ModuleVersion.parse(module.version))
    for entry in newer.changelog:
        if versions[0] < ModuleVersion.parse(entry.version) <= versions[1]:
            yield entry


def package_changes(old: Sequence[Module], new: Sequence[Module]) -> tuple[PackageChange, ...]:
    """Give the distribution packages that differ, by name. Versions are compared as dpkg does."""
    before, after = _packages(old), _packages(new)
    names = (name for name in sorted({*before, *after}))
    changes = (_package_change(before.get(name), after.get(name)) for name in names)
    return tuple(change for change in changes if change)


_Carried = tuple["IncludedPackage", tuple[str, ...]]


def _packages(modules: Sequence[Module]) -> dict[str, _Carried]:
    found: dict[str, _Carried] = {}
    for module in modules:
        for package in module.packages:
            _, carriers = found.get(package.name, (package, ()))
            found[package.name] = (package, (*carriers, module.name))
    return found


def _package_change(old: _Carried | None, new: _Carried | None) -> PackageChange | None:
    if old and new and old[0].version == new[0].version:
        return None
    carried = new or old
    assert carried is not None  # noqa: S101 - a name is of one side at least
    return PackageChange(
        name=carried[0].name,
        step=_step(
            NativeVersion(old[0].version) if old else None, NativeVersion(new[0].version) if new else None
        ),
        old=old[0].version if old else "",
        new=new[0].version if new else "",
        source=carried[0].source,
        old_source_version=old[0].source_version if old else "",
        new_source_version=new[0].source_version if new else "",
        modules=carried[1],
    )


def _step(old: ModuleVersion | NativeVersion | None, new: ModuleVersion | NativeVersion | None) -> Step:
    if old is None:
        return "in"
    if new is None:
        return "out"
    return "up" if old < new else "down" if new < old else "same"


def file_changes(old: Layout, new: Layout) -> tuple[FileChange, ...]:
    """Give the paths that differ, sorted. Times are in no module.json and so do not count."""
    changes = []
    for path in sorted(
        path for path in {*old.paths, *new.paths} if old.paths.get(path, ("", ""))[1] != new.line(path)
    ):
        before, after = old.paths.get(path), new.paths.get(path)
        if before is None and after is not None:
            changes.append(FileChange(path=f"/{path}", step="added", module=after[0]))
        elif after is None and before is not None:
            changes.append(FileChange(path=f"/{path}", step="removed", module=before[0]))
        elif before is not None and after is not None:
            what = differing_facts(before[1], after[1])
            changes.append(FileChange(path=f"/{path}", step="changed", module=after[0], what=what))
    return tuple(changes)


def differing_facts(old: str, new: str) -> tuple[str, ...]:
    """Name what differs between two lines of a path."""
    before, after = old.split(" "), new.split(" ")
    if before[0] != after[0]:
        return ("type",)
    end = HEAD_WORDS + BODY_WORDS.get(before[0], 0)
    found = [name for place, name in FACTS.items() if before[place] != after[place]]
    if before[HEAD_WORDS:end] != after[HEAD_WORDS:end]:
        found.append({"symlink": "target", "file": "content"}.get(before[0], "device"))
    if before[end:] != after[end:]:
        found.append("attributes")
    return tuple(found)
