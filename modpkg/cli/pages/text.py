"""Changes of an image as lines: for a terminal, and as Markdown for a ticket. Pure."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from modpkg.cli.render import size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modpkg.cli.results.changes import DiffResult
    from modpkg.image.changes import FileChange, ModuleChange, PackageChange
    from modpkg.image.fixes import SecurityFix

SIGNS: Final = {"up": "^", "down": "v", "in": "+", "out": "-", "same": "~"}
FILE_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}
PACKAGES_SHOWN: Final = 40
# What Markdown would take as more than a letter.
SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~])")


def text_page(result: DiffResult) -> str:
    """Give the changes for a terminal: what it means first, details after it."""
    lines = [headline(result), f"  {sizes(result)}"]
    for title, rows in _sections(result):
        if rows:
            lines += ["", title, *(f"  {row}" for row in rows)]
    return "\n".join(lines)


def headline(result: DiffResult) -> str:
    """Name both images."""
    return f"{result.old.name} {result.old.version} -> {result.new.name} {result.new.version}"


def sizes(result: DiffResult) -> str:
    """Tell by how much the image grows."""
    old, new = result.old, result.new
    text = f"modules {size(old.fragments_size)} -> {size(new.fragments_size)}"
    text += f" ({delta(new.fragments_size - old.fragments_size)})"
    if old.root_size is not None and new.root_size is not None:
        text += (
            f", root {size(old.root_size)} -> {size(new.root_size)} ({delta(new.root_size - old.root_size)})"
        )
    return text


def delta(number: int) -> str:
    """Give a difference of bytes with its sign."""
    return f"{'-' if number < 0 else '+'}{size(abs(number))}"


def _sections(result: DiffResult) -> Iterator[tuple[str, list[str]]]:
    needed = "needed" if result.reboot.is_needed else "not needed"
    yield f"Reboot: {needed}", list(result.reboot.reasons)
    yield (
        f"Modules ({len(result.modules)})",
        [line for one in result.modules for line in _module_lines(one)] or ["nothing changes"],
    )
    yield (
        f"Security fixes ({len(result.fixes)})",
        [
            *(fix_line(one) for one in result.fixes),
            *untold_lines(result),
        ],
    )
    yield from _service_sections(result)
    packages = [package_line(one) for one in result.packages]
    more = len(packages) - PACKAGES_SHOWN
    rest = [f"and {more} more: --output json has all"] if more > 0 else []
    yield f"Packages ({len(packages)})", [*packages[:PACKAGES_SHOWN], *rest]
    yield (
        f"Files ({sum(f.added + f.removed + f.changed for f in result.file_summary)})",
        [
            f"{one.module}: {one.added} added, {one.removed} removed, {one.changed} changed"
            for one in result.file_summary
        ],
    )
    yield "List of files", [file_line(one) for one in result.files]


def _module_lines(one: ModuleChange) -> Iterator[str]:
    yield module_line(one)
    for entry in one.entries:
        undone = "undone " if one.step == "down" else ""
        for change in entry.changes:
            first, *rest = change.splitlines()
            yield f"    {undone}{entry.version} ({entry.urgency}): {first}"
            yield from (f"      {line}" for line in rest)


def module_line(one: ModuleChange) -> str:
    """Give a module in one line."""
    return f"{SIGNS[one.step]} {one.name} {_versions(one.old, one.new)} ({delta(one.delta)})"


def _versions(old: str, new: str) -> str:
    if old == new:
        return f"{new}, other content"
    return f"{old} -> {new}" if old and new else new or old


def fix_line(one: SecurityFix) -> str:
    """Give a security fix in one line."""
    names = ", ".join(one.cves) or "no CVE named"
    lost = "LOST: " if one.is_lost else ""
    urgency = f", urgency {one.urgency}" if one.urgency else ""
    return f"{lost}{one.source} {one.version}: {names} (in {', '.join(one.packages)}{urgency})"


def untold_lines(result: DiffResult) -> list[str]:
    """Tell where there may be more fixes."""
    if not result.untold:
        return []
    return [f"the changelogs at hand do not reach back far enough for: {', '.join(result.untold)}"]


def _service_sections(result: DiffResult) -> Iterator[tuple[str, list[str]]]:
    enabled = [one for one in result.services if one.is_enabled]
    rows = [f"{one.action} {one.unit} ({one.module}): {'; '.join(one.reasons)}" for one in enabled]
    others = [one.unit for one in result.services if not one.is_enabled]
    if others:
        rows.append(f"only if somebody started them: {', '.join(others)}")
    yield f"Services ({len(result.services)})", rows


def package_line(one: PackageChange) -> str:
    """Give a package in one line."""
    return f"{SIGNS[one.step]} {one.name} {_versions(one.old, one.new)} [{', '.join(one.modules)}]"


def file_line(one: FileChange) -> str:
    """Give a file in one line."""
    what = f": {', '.join(one.what)}" if one.what else ""
    return f"{FILE_SIGNS[one.step]} {one.path} [{one.module}]{what}"


def markdown_page(result: DiffResult) -> str:
    """Give the changes for a ticket."""
    needed = "**needed**" if result.reboot.is_needed else "not needed"
    lines = [f"## {quoted(headline(result))}", "", f"Reboot: {needed}. {quoted(sizes(result))}.", ""]
    lines += [f"* {quoted(reason)}" for reason in result.reboot.reasons]
    lines += _table(
        "Modules", ("module", "from", "to", "size"), [_module_cells(one) for one in result.modules]
    )
    lines += _entries(result)
    lines += _list("Security fixes", [*map(fix_line, result.fixes), *untold_lines(result)])
    lines += _list("Services", [row for _, rows in _service_sections(result) for row in rows])
    packages = [(one.name, one.old, one.new, ", ".join(one.modules)) for one in result.packages]
    lines += _table("Packages", ("package", "from", "to", "modules"), packages)
    files = [(f.module, str(f.added), str(f.removed), str(f.changed)) for f in result.file_summary]
    lines += _table("Files", ("module", "added", "removed", "changed"), files)
    lines += _list("List of files", [file_line(one) for one in result.files])
    return "\n".join(lines)


def quoted(text: str) -> str:
    """Give a text of which Markdown takes no letter as a sign."""
    marked = SPECIAL.sub(r"\\\1", text)
    # A dash at the beginning would be a list of its own.
    return f"\\{marked}" if marked.startswith("-") else marked


def _module_cells(one: ModuleChange) -> tuple[str, ...]:
    return one.name, one.old, one.new, delta(one.delta)


def _entries(result: DiffResult) -> list[str]:
    rows = [(one.name, one.step, entry) for one in result.modules for entry in one.entries]
    lines: list[str] = []
    for name, group in groupby(rows, key=lambda row: row[0]):
        lines += ["", f"Changes of {quoted(name)}:", ""]
        for _, step, entry in group:
            undone = "undone: " if step == "down" else ""
            words = " ".join(" ".join(entry.changes).split())
            lines.append(f"* {undone}{quoted(f'{entry.version}, urgency {entry.urgency}: {words}')}")
    return lines


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    lines = ["", f"### {title} ({len(rows)})", "", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return [*lines, *(f"| {' | '.join(quoted(cell) or ' ' for cell in row)} |" for row in rows)]


def _list(title: str, rows: Sequence[str]) -> list[str]:
    return ["", f"### {title}", "", *(f"* {quoted(row)}" for row in rows)] if rows else []
