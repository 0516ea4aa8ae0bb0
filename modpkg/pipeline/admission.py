"""Which packages may be published. Decides alone: never writes, never repairs a package."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from modpkg.deb import read as deb
from modpkg.errors import BadInputError, ModpkgError
from modpkg.host.files import digest_file
from modpkg.rpm import read as rpm
from modpkg.yum.read import header_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from modpkg.model.repository import Places
    from modpkg.model.version import ModuleVersion
    from modpkg.pipeline.identity import Identity
    from modpkg.pipeline.pairs import Pair, PooledPair


def check_contents(pair: Pair) -> None:
    """Refuse a package with marks, and a pair whose packages hold different fragments."""
    marks = pair.control.get("Modpkg-Marks", "").replace(",", " ").split()
    if marks:
        raise BadInputError(
            f"cannot publish {pair.identity}: it is marked {' and '.join(marks)}",
            where=str(pair.deb),
            hint="build it without --fast"
            if "fast" in marks
            else "invoke release-module, then build it again",
        )
    fragment = pair.control.get("Modpkg-Fragment-Sha256", "")
    if fragment != pair.rpm_facts.fragment:
        raise BadInputError(
            f"cannot publish {pair.identity}: its .deb and its .rpm hold different fragments",
            where=str(pair.deb),
            hint=f"{pair.rpm} says {pair.rpm_facts.fragment or 'nothing'}, the .deb {fragment or 'nothing'}",
        )


def check_inside(pair: Pair) -> Pair:
    """Refuse packages with links, paths that climb or impossible sizes: once signed, clients believe them.

    Gives the pair with the changelog of its .deb; that of a module has to have one.
    """
    changelog = deb.check_contents(pair.deb, package=pair.identity.name)
    if changelog is None and "Modpkg-Module" in pair.control:
        raise BadInputError(f"cannot publish {pair.identity}: it holds no changelog", where=str(pair.deb))
    rpm.check_payload(pair.rpm, start=pair.rpm_facts.payload)
    return replace(pair, changelog=changelog)


def check_same_bytes(pair: Pair, published: PooledPair, *, places: Places) -> None:
    """Refuse a package that is published with other bytes; an rpm's signature does not count."""
    pooled = places.www / published.deb.path
    for path in (pooled, places.www / published.rpm.path):
        if not path.is_file():
            raise _lost(pair, path)
    # What was built here is published as a hard link: it need not be read again.
    same_deb = pair.deb.samefile(pooled) or digest_file(pair.deb) == published.deb.sha256
    if same_deb and pair.deb.stat().st_size != pooled.stat().st_size:
        raise _lost(pair, pooled)
    same_rpm = pair.rpm_facts.header_sha256 == header_digest(places.www / published.rpm.path)
    if not (same_deb and same_rpm):
        wrong = pair.deb if not same_deb else pair.rpm
        raise BadInputError(
            f"cannot publish {pair.identity}: it is published with other content",
            where=str(wrong),
            hint="give the change a changelog entry: invoke release-module writes one",
        )


def _lost(pair: Pair, path: Path) -> ModpkgError:
    return ModpkgError(
        f"cannot compare {pair.identity} with what is published: the pool has lost it, or a part of it",
        where=str(path),
        hint="restore the pool from a copy of the repository; invoke verify-repository tells what it lacks",
    )


def check_order(new: Iterable[Identity], published: Iterable[Identity]) -> None:
    """Refuse versions whose order differs from that of their revisions: R never resets (design.md 4)."""
    known: dict[tuple[str, str], set[ModuleVersion]] = {}
    incoming = set(new)
    for identity in chain(published, incoming):
        known.setdefault((identity.name, identity.architecture), set()).add(identity.version)
    for identity in sorted(incoming):
        for other in sorted(known[identity.name, identity.architecture] - {identity.version}):
            if _disagree(identity.version, other):
                raise BadInputError(
                    f"cannot publish {identity}: its revision is not in the order of versions beside {other}",
                    hint="the revision is the number of changelog entries and never resets: "
                    f"the next release is {identity.version.upstream}-{_next_revision(known, identity)}",
                )


def _disagree(one: ModuleVersion, other: ModuleVersion) -> bool:
    if one.revision == other.revision:
        return True
    return (one < other) != (one.revision < other.revision)


def _next_revision(known: Mapping[tuple[str, str], set[ModuleVersion]], identity: Identity) -> int:
    versions = known[identity.name, identity.architecture] - {identity.version}
    return max(version.revision for version in versions) + 1
