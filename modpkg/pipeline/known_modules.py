"""Built modules by the digests that images and locks name: from the store, the repository, or build/.

It only reads. What a module says of itself counts when its fragment is the one that was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from modpkg.deb.read import extract_fragment, read_document, read_module
from modpkg.errors import BadInputError, ModpkgError
from modpkg.formats.canonical import read_record
from modpkg.host.files import digest_file
from modpkg.model.module import Module

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from modpkg.model.image import Image
    from modpkg.model.lock import ImageLock
    from modpkg.store.store import Store

CHANGES: Final = "packages.changelog.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A module that an image names. Digest and place of its .deb are known from a lock alone."""

    name: str
    version: str
    platform: str
    architecture: str
    fragment: str
    deb_sha256: str = ""
    deb_path: str = ""

    @property
    def file_name(self) -> str:
        """The name of its .deb."""
        return f"modpkg-module-{self.name}-{self.platform}_{self.version}_{self.architecture}.deb"

    def is_met_by(self, module: Module) -> bool:
        """Tell whether this is the module that was asked for."""
        found = (module.name, module.version, module.platform, module.fragment.sha256)
        return found == (self.name, self.version, self.platform, self.fragment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A module that was found: its .deb, or what the store kept of its build."""

    module: Module
    deb: Path | None = None
    record: dict[str, Any] | None = None


class MissingModulesError(BadInputError):
    """Modules that an image names are nowhere: neither in the store nor in the repository nor in build/."""

    def __init__(self, missing: Sequence[Wanted], *, where: str) -> None:
        self.missing = tuple(missing)
        lines = "".join(f"\n    {one.name} {one.version}, fragment {one.fragment[:12]}" for one in missing)
        count = "1 module" if len(missing) == 1 else f"{len(missing)} modules"
        super().__init__(
            f"cannot find {count} of the image:{lines}",
            where=where,
            hint="publish them again, or copy the repository or the store that has them",
        )


@dataclass(frozen=True)
class Shelves:
    """Where modules may lie: the store, what clients see of a repository (`www`), and built packages."""

    store: Store
    www: Path
    packages: Path

    @cached_property
    def _built(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for record in self.store.records():
            if isinstance(fragment := record.get("fragment"), str) and "module" in record:
                found.setdefault(fragment, []).append(record)
        return found

    def find(self, wanted: Iterable[Wanted]) -> tuple[Known, ...]:
        """Find modules; raises MissingModulesError with all that are nowhere."""
        asked = list(wanted)
        found = [next(self._candidates(one), None) for one in asked]
        if missing := [one for one, known in zip(asked, found, strict=True) if known is None]:
            raise MissingModulesError(missing, where=str(self.www))
        return tuple(known for known in found if known is not None)

    def _candidates(self, wanted: Wanted) -> Iterator[Known]:
        for record in self._built.get(wanted.fragment, ()):
            known = self._kept(record)
            if known is not None and wanted.is_met_by(known.module):
                yield known
        for path in self._debs(wanted):
            if path.is_file():
                module = read_module(path)
                if wanted.is_met_by(module):
                    yield Known(module=module, deb=path)

    def _kept(self, record: dict[str, Any]) -> Known | None:
        # What this modpkg cannot read counts as not there: the repository may have it.
        try:
            return Known(module=read_record(self.store.path(str(record["module"])), Module), record=record)
        except ModpkgError:
            return None

    def _debs(self, wanted: Wanted) -> Iterator[Path]:
        if wanted.deb_sha256:
            yield self.store.path(wanted.deb_sha256)
        if wanted.deb_path:
            yield self.www / wanted.deb_path
        else:
            yield from sorted((self.www / "pool").glob(f"*/*/{wanted.file_name}"))
        yield self.packages / wanted.platform / wanted.file_name

    def changes(self, known: Known) -> str:
        """Give what is known of changes in a module's packages: entries of their changelogs, newest first."""
        if known.deb is not None:
            return read_document(known.deb, CHANGES).decode(errors="replace")
        digest = (known.record or {}).get("changes")
        path = self.store.path(digest) if isinstance(digest, str) else None
        return path.read_text(encoding="utf-8", errors="replace") if path and path.is_file() else ""

    def fragment(self, known: Known) -> Path:
        """Give a module's fragment in the store, taken out of its package if need be; every digest checked.

        Raises ModpkgError when the store's copy is damaged.
        """
        wanted = known.module.fragment.sha256
        path = self.store.path(wanted)
        if not path.exists() and known.deb is not None:
            with self.store.scratch() as scratch:
                extract_fragment(known.deb, scratch / "fragment")
                self.store.add(scratch / "fragment", sha256=wanted)
        if not path.exists():
            raise ModpkgError(
                f"cannot find the fragment of {known.module.name} {known.module.version}", where=str(path)
            )
        if digest_file(path) != wanted:
            raise ModpkgError(
                f"cannot use the fragment of {known.module.name} {known.module.version}: the store's copy is damaged",
                where=str(path),
                hint="remove that file: it is taken from the module's package again",
            )
        return path


def wanted_by_image(image: Image) -> tuple[Wanted, ...]:
    """Give the modules that image.json names."""
    return tuple(
        Wanted(
            name=one.name,
            version=one.version,
            platform=image.platform,
            architecture=image.architecture,
            fragment=one.fragment,
        )
        for one in image.modules
    )


def wanted_by_lock(lock: ImageLock) -> tuple[Wanted, ...]:
    """Give the modules that a lock names."""
    return tuple(
        Wanted(
            name=one.name,
            version=one.version,
            platform=lock.platform,
            architecture=lock.architecture,
            fragment=one.fragment_sha256,
            deb_sha256=one.deb_sha256,
            deb_path=one.deb_path,
        )
        for one in lock.modules
    )
