"""One version of a module out of all channels. The pool keeps it as long as a snapshot or a lock names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.pipeline.dependents import needs_of
from modpkg.pipeline.index import Index, borrowed_index
from modpkg.pipeline.journal import newest_of, read_heads, read_snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.model.repository import Head, Places, Repository
    from modpkg.model.version import ModuleVersion
    from modpkg.pipeline.change import ChangePlan, Planner, State
    from modpkg.pipeline.pieces import Known
    from modpkg.pipeline.pins import Pins

STEP: Final = "retire"
SHOWN: Final = 3


def retirement(name: str, version: ModuleVersion, *, pins: Pins) -> Planner:
    """Give what takes a version of the package `name` out of a channel; `pins` are what image locks name."""

    def planned(state: State) -> ChangePlan:
        listed = state.index.listed(state.newest.packages) if state.newest else ()
        gone = [each for each in listed if _is(each, name, version)]
        _check_pins(gone, pins)
        _check_dependents(state.index, listed, gone)
        left = {package.sha256 for package in listed} - {package.sha256 for package in gone}
        words = "is in" if gone else "is not in"
        reason = f"{name} {version} {words} channel {state.target.channel}"
        return state.plan(STEP, left, reason=reason)

    return planned


def channels_of(
    places: Places, document: Repository, *, name: str, version: ModuleVersion
) -> tuple[str, ...]:
    """Give the channels that list this version; raises BadInputError if none does."""
    heads = read_heads(places)
    newest = {channel: newest_of(heads, channel) for channel in document.channels}
    with borrowed_index(places) as index:
        found = [
            channel
            for channel, head in newest.items()
            if head and _lists(index, places, head, (name, version))
        ]
    if not found:
        raise BadInputError(
            f"cannot retire {name} {version}: no channel lists it", hint="try it: invoke show-repository"
        )
    return tuple(found)


def _lists(index: Index, places: Places, head: Head, wanted: tuple[str, ModuleVersion]) -> bool:
    return any(_is(each, *wanted) for each in index.listed(read_snapshot(places, head).packages))


def _is(package: Known, name: str, version: ModuleVersion) -> bool:
    return package.identity.name == name and package.identity.version == version


def _check_pins(gone: Sequence[Known], pins: Pins) -> None:
    for package in gone:
        if package.sha256 in pins:
            images = ", ".join(pins[package.sha256])
            raise BadInputError(
                f"cannot retire {package.label}: the lock of image {images} names it",
                hint="lock the image anew without it, or remove its lock",
            )


def _check_dependents(index: Index, listed: Sequence[Known], gone: Sequence[Known]) -> None:
    wanted = {(each.identity.name, str(each.identity.version)) for each in gone}
    debs = [each for each in listed if each.is_deb and each not in gone]
    needs = needs_of(index, debs) if gone else {}
    built_on = [deb.label for deb in debs if gone and needs[deb.sha256] & wanted]
    if built_on:
        more = f" and {len(built_on) - SHOWN} more" if len(built_on) > SHOWN else ""
        raise BadInputError(
            f"cannot retire {gone[0].label}: {', '.join(built_on[:SHOWN])}{more} needs it",
            hint="retire those first",
        )
