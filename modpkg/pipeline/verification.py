"""What a verification finds: a verdict, its reasons, and for each difference the guilty module. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.host.files import Receipt

Verdict = Literal["equal", "different", "cannot tell"]
# Who makes what differs: a module's fragment, the assembly in its glue, initrd or texts, or nobody.
Part = Literal["fragment", "glue", "assembly", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it should be.

    `file` is that of the image's directory or package, `path` the one inside of it, with a leading slash, or "".
    `module` is the guilty one with its `version`; "glue" and "assembly" are what modpkg itself makes, "" is
    nobody's. `kind` is what differs: content, mode, owner, time, xattr, target, device, type, links, missing, extra,
    order (the same tree, other bytes around it), damage (cannot be unpacked). `offset` is that of the first
    differing byte.
    """

    file: str
    path: str
    module: str
    version: str
    part: Part
    kind: str
    expected: str
    found: str
    offset: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How a verification ended. `subjects` are the files that were compared, as they were found.

    `taken` are files that nothing makes again, such as a site's layer: they were taken as they are.
    `reasons` say why nothing can be told; `guilty` are the modules with differences, most differences first.
    """

    label: str
    path: Path
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    subjects: tuple[Receipt, ...] = ()
    taken: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def guilty(self) -> tuple[str, ...]:
        """Name who is to blame, the one with the most differences first."""
        counts: dict[str, int] = {}
        for one in self.differences:
            # What has no owner, and what follows from the rest, accuses nobody.
            if one.module:
                counts[one.module] = counts.get(one.module, 0) + 1
        return tuple(sorted(counts, key=lambda name: (-counts[name], name)))
