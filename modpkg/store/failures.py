"""What can go wrong with a fetch, in words for users: every file that did not come, and the way out.

Hosts are not named here or in the details: mirrors are private to a site.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from modpkg.errors import ModpkgError
from modpkg.store.transfer import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modpkg.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file to fetch. The addresses are tried in turn, the mirror's first; `name` is for messages."""

    urls: tuple[str, ...]
    sha256: str
    size: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A file that did not come, and why. It is gone when the mirror, the first address, has it no more."""

    download: Download
    kind: Kind
    detail: str


class FetchError(ModpkgError):
    """Some files did not come; those that did are in the store."""

    def __init__(self, failures: Sequence[Failure], *, total: int) -> None:
        self.failures = tuple(failures)
        lines = "".join(f"\n    {line}" for line in failure_lines(self.failures))
        hint = "; ".join(_hints({failure.kind for failure in failures}))
        super().__init__(f"cannot fetch {len(failures)} of {total} files:{lines}", hint=hint)

    @property
    def gone(self) -> tuple[Download, ...]:
        """The files that the mirror has no more."""
        return tuple(failure.download for failure in self.failures if failure.kind is Kind.GONE)


def together(failures: Sequence[Failure]) -> Failure:
    """Make one failure of those of all addresses of a file; the mirror's decides its kind."""
    detail = "; elsewhere: ".join(failure.detail for failure in failures)
    return replace(failures[0], detail=detail)


def failure_lines(failures: Sequence[Failure]) -> Iterator[str]:
    """Give one line a file, but for a mirror that is not reachable: that is one fault, not a hundred."""
    alike: dict[str, list[str]] = {}
    for failure in failures:
        if failure.kind in {Kind.GONE, Kind.WRONG, Kind.REFUSED}:
            yield f"{failure.download.name}: {failure.kind.value}: {failure.detail}"
        else:
            alike.setdefault(f"{failure.kind.value}: {failure.detail}", []).append(failure.download.name)
    for reason, names in alike.items():
        yield f"{names[0] if len(names) == 1 else f'{len(names)} files, such as {names[0]}'}: {reason}"


def _hints(kinds: set[Kind]) -> Iterator[str]:
    if Kind.GONE in kinds:
        yield "what is gone needs a renewed lock or an archive of snapshots"
    if Kind.WRONG in kinds:
        yield "the mirror has other bytes than the lock says: try another mirror"
    if Kind.REFUSED in kinds:
        yield "look at the address and the rights of the mirror"
    if Kind.UNREACHABLE in kinds or Kind.CUT in kinds:
        yield "check the network and the mirror's address; run again, and it goes on where it was"


def offline_error(wanted: Sequence[Download]) -> ModpkgError:
    """Say what an offline run lacks."""
    lines = "".join(f"\n    {one.name}" for one in sorted(wanted, key=lambda one: one.name))
    size = sum(one.size for one in wanted)
    files = "1 file" if len(wanted) == 1 else f"{len(wanted)} files"
    verb = "is" if len(wanted) == 1 else "are"
    return ModpkgError(
        f"cannot go on offline: {files} ({size:,} bytes) {verb} not in the store:{lines}",
        hint="run the command once without --offline",
    )


def full_error(store: Store, wanted: Sequence[Download]) -> ModpkgError:
    """Say that the disk is full, and how much room the rest needs."""
    size = sum(one.size for one in wanted)
    free = shutil.disk_usage(store.root).free
    return ModpkgError(
        "cannot fetch: the disk of the store is full",
        where=str(store.root),
        hint=f"{size:,} bytes are still to come, {free:,} are free: make room or move it with MODPKG_STORE",
    )
