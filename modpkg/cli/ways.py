"""How commands read how an image is to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

from modpkg.errors import BadInputError
from modpkg.formats.words import closest

if TYPE_CHECKING:
    from modpkg.image.job import Verify, Ways
    from modpkg.model.image import Merge


def parse_ways(merge: str, verify: str) -> Ways:
    """Read `--merge` and `--verify`; raises BadInputError with what there is."""
    from modpkg.image.job import Verify, Ways  # noqa: PLC0415 - few commands make an image
    from modpkg.model.image import Merge  # noqa: PLC0415

    for option, word, known in (("merge", merge, get_args(Merge)), ("verify", verify, get_args(Verify))):
        if word not in known:
            raise BadInputError(f"no way {word!r} of --{option}", hint=closest(word, known))
    return Ways(merge=cast("Merge", merge), verify=cast("Verify", verify))
