"""Checks a published channel as apt would, and more closely. Tells every fault and goes on where it can.

Nothing that is not signed is believed; nothing that is signed either, where a size or a path is impossible.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.apt.publish import by_hash
from modpkg.apt.release import Index, Release, format_time, parse_release
from modpkg.apt.stanza import Entry, parse_packages
from modpkg.errors import ModpkgError
from modpkg.model.below import below
from modpkg.model.unpack import unpacked
from modpkg.store.origin import OriginError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from modpkg.model.fault import Faults
    from modpkg.openpgp.verify import Ring
    from modpkg.store.origin import Origin

LARGEST_RELEASE: Final = 16 << 20
LARGEST_INDEX: Final = 1 << 30
LARGEST_PACKAGE: Final = 8 << 30
# As much as apt takes for a clock that is a little wrong.
FUTURE_SECONDS: Final = 10
SHA256: Final = re.compile(r"[0-9a-f]{64}")
PACKAGES: Final = re.compile(r"[^/]+/binary-(?P<architecture>[^/]+)/Packages")
BEGINNING: Final = b"-----BEGIN PGP SIGNED MESSAGE-----\n"
END: Final = b"-----END PGP SIGNATURE-----\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A channel as its signed InRelease tells it, and the packages of its indices."""

    release: Release
    key: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteCheck:
    """The check of one channel. `since` is the oldest date that is believed; times in seconds since 1970."""

    origin: Origin
    ring: Ring
    faults: Faults
    channel: str
    now: int
    since: int | None = None

    @property
    def inrelease(self) -> str:
        """The path of what is signed."""
        return f"dists/{self.channel}/InRelease"

    def run(self) -> Suite | None:
        """Check everything but the packages themselves; None when nothing of it can be trusted."""
        try:
            content = self.origin.read(self.inrelease, most=LARGEST_RELEASE)
            verified = self.ring.clear_content(content, where=self.inrelease)
            release = parse_release(verified.text)
        except OriginError as error:
            self.faults.add(self.inrelease, str(error))
        except ModpkgError as error:
            self.faults.add(self.inrelease, error.what)
        except (KeyError, ValueError, OverflowError) as error:
            self.faults.add(self.inrelease, f"it is no Release file: {error}")
        else:
            self._check_form(content)
            self._check_release(release)
            return Suite(release=release, key=verified.fingerprint, entries=tuple(self._entries(release)))
        return None

    def _check_form(self, content: bytes) -> None:
        once = content.count(BEGINNING) == content.count(END) == 1
        if not (once and content.startswith(BEGINNING) and content.endswith(END)):
            self.faults.add(self.inrelease, "it has text outside of its signature")

    def _check_release(self, release: Release) -> None:
        if release.channel != self.channel:
            self.faults.add(
                self.inrelease, f"it is channel {release.channel!r} in the place of {self.channel!r}"
            )
        if release.date > self.now + FUTURE_SECONDS:
            self.faults.add(
                self.inrelease, f"it comes from the future: its date is {format_time(release.date)}"
            )
        if release.valid_until < self.now:
            self.faults.add(self.inrelease, f"it expired on {format_time(release.valid_until)}")
        if self.since is not None and release.date < self.since:
            self.faults.add(
                self.inrelease,
                f"it is older than it has to be: its date is {format_time(release.date)}, "
                f"not {format_time(self.since)} or later",
            )

    def _entries(self, release: Release) -> Iterator[Entry]:
        contents = {index.path: self._content(index) for index in release.indices}
        listed = {index.path: index for index in release.indices}
        seen: set[tuple[str, str]] = set()
        for path, content in contents.items():
            text = self._unpacked(path, content, listed)
            found = PACKAGES.fullmatch(path.removesuffix(".gz"))
            is_first = path == path.removesuffix(".gz") or path.removesuffix(".gz") not in contents
            if text is not None and found and is_first:
                for entry in self._parsed(path, text, architecture=found["architecture"]):
                    if (entry.path, entry.sha256) not in seen:
                        seen.add((entry.path, entry.sha256))
                        yield entry

    def _content(self, index: Index) -> bytes | None:
        try:
            below(index.path)
        except ValueError as error:
            self.faults.add(self.inrelease, f"it names an index of a bad path: {error}")
            return None
        if not 0 <= index.size <= LARGEST_INDEX or not SHA256.fullmatch(index.sha256):
            self.faults.add(self.inrelease, f"it names {index.path} with an impossible size or digest")
            return None
        suite = f"dists/{self.channel}"
        found = [
            self._checked(path, index) for path in (f"{suite}/{index.path}", f"{suite}/{by_hash(index)}")
        ]
        return found[1] if found[1] is not None else found[0]

    def _checked(self, path: str, index: Index) -> bytes | None:
        try:
            with self.origin.file(path, size=index.size) as local:
                content = local.read_bytes()
        except OriginError as error:
            self.faults.add(path, str(error))
            return None
        if hashlib.sha256(content).hexdigest() != index.sha256:
            self.faults.add(path, "its sha256 is not the one that InRelease names")
            return None
        return content

    def _unpacked(self, path: str, content: bytes | None, listed: Mapping[str, Index]) -> bytes | None:
        if content is None or not path.endswith(".gz"):
            return content
        plain = listed.get(path.removesuffix(".gz"))
        try:
            text = unpacked(content, most=plain.size if plain else LARGEST_INDEX)
        except (ValueError, zlib.error) as error:
            self.faults.add(f"dists/{self.channel}/{path}", str(error))
            return None
        if plain and hashlib.sha256(text).hexdigest() != plain.sha256:
            self.faults.add(f"dists/{self.channel}/{path}", f"it unpacks to something else than {plain.path}")
            return None
        return text

    def _parsed(self, path: str, text: bytes, *, architecture: str) -> Iterator[Entry]:
        where = f"dists/{self.channel}/{path}"
        try:
            entries = list(parse_packages(text.decode()))
        except (KeyError, ValueError) as error:
            self.faults.add(where, f"it is no index of packages: {error}")
            return
        for reason in doubles(entries):
            self.faults.add(where, reason)
        for entry in entries:
            reason = fault_of(entry, architecture=architecture)
            if reason:
                self.faults.add(where, reason)
            else:
                yield entry


def fault_of(entry: Entry, *, architecture: str) -> str:
    """Tell why an entry of an index cannot be taken; "" when it can."""
    try:
        below(entry.path)
        name = f"{entry.name} {entry.version}"
    except KeyError as error:
        return f"a package has no field {error}"
    except (ModpkgError, ValueError) as error:
        return f"a package cannot be taken: {error}"
    if not 0 < entry.size <= LARGEST_PACKAGE:
        return f"{name} has an impossible size: {entry.size} bytes"
    if not SHA256.fullmatch(entry.sha256):
        return f"{name} has an impossible sha256"
    wrong = entry.control.get("Architecture") not in (architecture, "all")
    return f"{name} is not for {architecture}" if wrong else ""


def doubles(entries: Iterable[Entry]) -> Iterator[str]:
    """Tell which packages stand in an index twice."""
    seen: set[tuple[str, ...]] = set()
    for entry in entries:
        identity = tuple(entry.control.get(name, "") for name in ("Package", "Version", "Architecture"))
        if identity in seen:
            yield f"it has {' '.join(identity)} twice"
        seen.add(identity)
