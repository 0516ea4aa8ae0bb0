"""What only fragments tell: the content of units, and which package a path is of. Read once, then kept in the store."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from modpkg.image.services import Inside
from modpkg.image.units import SERVICE, parse_service, unit_name
from modpkg.squashfs.pack import unpack_some

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.model.module import Module
    from modpkg.pipeline.known_modules import Known, Shelves

# Raised when another modpkg would keep other facts under the same name.
FORMAT: Final = 1
LISTS: Final = "var/lib/dpkg/info/"
LIST: Final = ".list"


def look_inside(known: Sequence[Known], shelves: Shelves) -> Inside:
    """Give units and owners of all modules together."""
    texts: defaultdict[str, dict[str, str]] = defaultdict(dict)
    owners: dict[str, str] = {}
    for one in known:
        facts = _facts(one, shelves)
        owners |= {path: package for package, paths in facts["packages"].items() for path in paths}
        for path, text in facts["units"].items():
            texts[unit_name(path)][path] = text
    services = {
        unit: parse_service(_ordered(unit, found)) for unit, found in texts.items() if _has_unit(unit, found)
    }
    return Inside(services=services, owners=owners)


def _has_unit(unit: str, texts: dict[str, str]) -> bool:
    return unit.endswith(SERVICE) and any(path.endswith(f"/{unit}") for path in texts)


def _ordered(unit: str, texts: dict[str, str]) -> list[str]:
    # The administrator's unit hides the distribution's; drop-ins follow by their names.
    units = sorted(path for path in texts if path.endswith(f"/{unit}"))
    dropins = sorted((path for path in texts if path not in units), key=lambda path: path.rpartition("/")[2])
    return [texts[path] for path in (units[0], *dropins)]


def _facts(known: Known, shelves: Shelves) -> dict[str, Any]:
    key = f"inside-{FORMAT}-{known.module.fragment.sha256}"
    found = shelves.store.lookup(key)
    if found is None:
        found = _read(known, shelves)
        shelves.store.record(key, found)
    return found


def _read(known: Known, shelves: Shelves) -> dict[str, Any]:
    wanted = [path for path in known.module.paths if _is_wanted(known.module, path)]
    if not wanted:
        return {"units": {}, "packages": {}}
    fragment = shelves.fragment(known)
    with shelves.store.scratch() as scratch:
        tree = scratch / "some"
        unpack_some(fragment, tree, wanted)
        texts = {path: _text(tree / path) for path in wanted}
    units = {path: text for path, text in texts.items() if not path.startswith(LISTS)}
    packages = {
        path.removeprefix(LISTS).removesuffix(LIST).partition(":")[0]: _listed(text)
        for path, text in texts.items()
        if path.startswith(LISTS)
    }
    return {"units": units, "packages": packages}


def _is_wanted(module: Module, path: str) -> bool:
    if not module.paths[path].startswith("file "):
        return False
    return unit_name(path).endswith(SERVICE) or (path.startswith(LISTS) and path.endswith(LIST))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _listed(text: str) -> list[str]:
    return [line.lstrip("/") for line in text.splitlines() if line not in {"", "/", "/."}]
