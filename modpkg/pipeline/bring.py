"""Packages that come from elsewhere: copied, and judged as copies. Whoever brought them may still write into his."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.host.files import copy_file, remove_tree
from modpkg.pipeline.admission import check_contents, check_inside
from modpkg.pipeline.pairs import Pair, read_pairs

if TYPE_CHECKING:
    from pathlib import Path


def brought(pair: Pair, scratch: Path) -> Pair:
    """Give a copy below `scratch` of a pair that was found to be right; BadInputError if it is another one by now.

    The copy is there until the next one is made.
    """
    place = scratch / "brought"
    remove_tree(place)
    place.mkdir()
    deb, rpm = place / pair.identity.deb_name, place / pair.identity.rpm_name
    copy_file(pair.deb, deb)
    copy_file(pair.rpm, rpm)
    try:
        (copy,) = read_pairs([deb, rpm])
        check_contents(copy)
        copy = check_inside(copy)
    except BadInputError as error:
        raise _changed(pair) from error
    if (copy.control, copy.rpm_facts, copy.changelog) != (pair.control, pair.rpm_facts, pair.changelog):
        raise _changed(pair)
    return copy


def _changed(pair: Pair) -> BadInputError:
    return BadInputError(
        f"cannot publish {pair.identity}: it was changed while it was published",
        where=str(pair.deb.parent),
        hint="publish it again when nothing writes there any more",
    )
