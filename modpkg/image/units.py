"""Units of systemd as an image has them: which programs they run, whether they are enabled. Pure.

Read as systemd.unit(5) and systemd.service(5) say: a key of a drop-in with an empty value empties what came before.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from modpkg.model.document import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from modpkg.image.changes import Layout

# Those of the administrator win over the distribution's.
FOLDERS: Final = ("etc/systemd/system", "usr/lib/systemd/system")
SERVICE: Final = ".service"
PULLED: Final = re.compile(r"[^/]+\.(?:wants|requires|upholds)/(?P<unit>[^/]+)")
# Signs before a program that say how it is run.
SIGNS: Final = "@-:+!|"
LINKS_FOLLOWED: Final = 40


class ServiceUnit(Record):
    """One service: the type of its main process, and the words of its commands that are absolute paths."""

    type: str
    programs: tuple[str, ...]


def parse_service(texts: Iterable[str]) -> ServiceUnit:
    """Read a unit and its drop-ins, the unit first."""
    values: dict[str, list[str]] = {}
    for text in texts:
        section = ""
        for line in text.replace("\\\n", " ").splitlines():
            stripped = line.strip()
            if stripped.startswith("["):
                section = stripped
            elif section == "[Service]" and "=" in stripped and stripped[0] not in "#;":
                key, _, value = (part.strip() for part in stripped.partition("="))
                values[key] = [*values.get(key, []), value] if value else []
    programs = [path for command in values.get("ExecStart", []) for path in _paths(command)]
    return ServiceUnit(type=(values.get("Type") or ["simple"])[-1], programs=tuple(dict.fromkeys(programs)))


def _paths(command: str) -> list[str]:
    words = [word.strip("\"'") for word in command.lstrip(SIGNS).split()]
    return [word.lstrip("/") for word in words if word.startswith("/")]


def unit_name(path: str) -> str:
    """Give the name of the unit that a path is, or is a drop-in of; "" for any other path."""
    for folder in FOLDERS:
        if path.startswith(f"{folder}/"):
            first, _, rest = path.removeprefix(f"{folder}/").partition("/")
            if not rest:
                return first
            return first.removesuffix(".d") if first.endswith(".d") and rest.endswith(".conf") else ""
    return ""


def enabled_units(layout: Layout) -> frozenset[str]:
    """Name the units that others pull in, templates for their instances, and services of such sockets and timers."""
    found = set()
    for path in layout.paths:
        folder = next((folder for folder in FOLDERS if path.startswith(f"{folder}/")), None)
        match = PULLED.fullmatch(path.removeprefix(f"{folder}/")) if folder else None
        if match:
            found |= {match["unit"], _template(match["unit"])}
    started = {re.sub(r"\.(?:socket|timer|path)$", SERVICE, unit) for unit in found}
    return frozenset(found | started)


def _template(unit: str) -> str:
    return re.sub(r"@[^.]+\.", "@.", unit)


def masked_units(layout: Layout) -> frozenset[str]:
    """Name the units that lead nowhere."""
    folder = FOLDERS[0]
    return frozenset(
        path.rpartition("/")[2]
        for path, (_, line) in layout.paths.items()
        if path.startswith(f"{folder}/") and line.startswith("symlink ") and line.endswith(" /dev/null")
    )


def resolved(path: str, layout: Layout) -> str:
    """Give where a path leads when the links of an image are followed; the path itself where it leads nowhere."""
    current = path
    for _ in range(LINKS_FOLLOWED):
        following = _step(current, layout.paths)
        if following is None:
            return current
        current = following
    return path


def _step(path: str, paths: Mapping[str, tuple[str, str]]) -> str | None:
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        head = "/".join(parts[:count])
        words = paths.get(head, ("", ""))[1].split(" ")
        if words[0] == "symlink":
            target = posixpath.join("/", posixpath.dirname(head), unquote(words[4]), *parts[count:])
            return posixpath.normpath(target).lstrip("/")
    return None
