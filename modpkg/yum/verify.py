"""Checks a published channel as dnf would, and more closely. Tells every fault and goes on where it can.

Mirror lists are not signed: they are believed only where they name a snapshot of the same repository. Indices
are parsed by createrepo_c, after their signature, their digest and their unpacked size were checked.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import createrepo_c

from modpkg.errors import ModpkgError
from modpkg.model.below import resolved
from modpkg.model.unpack import unpacked
from modpkg.store.origin import MissingError, OriginError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modpkg.model.fault import Faults
    from modpkg.openpgp.verify import Ring
    from modpkg.store.origin import Origin

LARGEST_LIST: Final = 1 << 16
LARGEST_REPOMD: Final = 16 << 20
LARGEST_INDEX: Final = 1 << 30
LARGEST_PACKAGE: Final = 8 << 30
LARGEST_HEADER: Final = 64 << 20
SHA256: Final = re.compile(r"[0-9a-f]{64}")
SNAPSHOT: Final = re.compile(r"(?P<base>\S+)/rpm/snap-(?P<id>[0-9a-f]{64})/")
NEEDED: Final = ("primary", "filelists", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class RpmEntry:
    """A package of primary.xml. `path` is below `www`; `header_end` is where its payload begins."""

    name: str
    version: str
    release: str
    architecture: str
    path: str
    size: int
    sha256: str
    header_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class YumState:
    """A snapshot as its signed repomd.xml tells it."""

    snapshot: str
    key: str
    date: int
    entries: tuple[RpmEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YumCheck:
    """The check of one channel. `addresses` are those at which clients may be sent to find it; () is any."""

    origin: Origin
    ring: Ring
    faults: Faults
    channel: str
    addresses: tuple[str, ...] = ()

    @property
    def mirrorlist(self) -> str:
        """The path of what dnf reads first."""
        return f"rpm/{self.channel}.mirrorlist"

    def run(self) -> YumState | None:
        """Check everything but the packages themselves; None when nothing of it can be trusted."""
        snapshot = self._snapshot()
        if snapshot is None:
            return None
        repodata = f"rpm/snap-{snapshot}/repodata"
        content, key = self._signed(repodata)
        self._check_link(content)
        if not key:
            return None
        try:
            repomd = _repomd(content)
        except createrepo_c.CreaterepoCError as error:
            self.faults.add(f"{repodata}/repomd.xml", f"it cannot be read: {error}")
            return None
        indices = dict(self._indices(repodata, repomd))
        for kind in NEEDED:
            if kind not in {record.type for record in repomd.records}:
                self.faults.add(f"{repodata}/repomd.xml", f"it names no {kind}")
        revision = str(repomd.revision)
        date = int(revision) if re.fullmatch(r"[0-9]{1,18}", revision) else 0
        entries = self._entries(f"rpm/snap-{snapshot}", indices.get("primary"))
        return YumState(snapshot=snapshot, key=key, date=date, entries=tuple(entries))

    def _snapshot(self) -> str | None:
        try:
            text = self.origin.read(self.mirrorlist, most=LARGEST_LIST).decode("ascii", "replace")
        except OriginError as error:
            self.faults.add(self.mirrorlist, str(error))
            return None
        found = SNAPSHOT.fullmatch(text.removesuffix("\n"))
        if not found:
            self.faults.add(self.mirrorlist, "it does not name one snapshot of a repository")
            return None
        if self.addresses and found["base"] not in self.addresses:
            self.faults.add(self.mirrorlist, f"it sends clients to {found['base']}")
        return found["id"]

    def _signed(self, repodata: str) -> tuple[bytes, str]:
        content = signature = b""
        path = f"{repodata}/repomd.xml"
        try:
            content = self.origin.read(path, most=LARGEST_REPOMD)
            signature = self.origin.read(f"{path}.asc", most=LARGEST_LIST)
            return content, self.ring.detached_content(content, signature, where=path)
        except OriginError as error:
            self.faults.add(f"{path}.asc" if content else path, str(error))
        except ModpkgError as error:
            self.faults.add(path, error.what)
        return content, ""

    def _check_link(self, content: bytes) -> None:
        # Clients with a base URL read the channel's link instead of the list.
        path = f"rpm/{self.channel}/repodata/repomd.xml"
        try:
            linked = self.origin.read(path, most=LARGEST_REPOMD)
        except MissingError:
            return  # an object store has no links
        except OriginError as error:
            self.faults.add(path, str(error))
            return
        if linked != content:
            self.faults.add(path, "it is another than that of the snapshot in the mirror list")

    def _indices(self, repodata: str, repomd: createrepo_c.Repomd) -> Iterator[tuple[str, bytes]]:
        for record in repomd.records:
            content = self._index(repodata, record)
            if content is not None:
                yield record.type, content

    def _index(self, repodata: str, record: createrepo_c.RepomdRecord) -> bytes | None:
        repomd = f"{repodata}/repomd.xml"
        try:
            path = resolved(repodata.rpartition("/")[0], record.location_href or "")
        except ValueError as error:
            self.faults.add(repomd, f"it names {record.type} by a bad path: {error}")
            return None
        sizes = (record.size, record.size_open)
        if record.location_base or record.checksum_type != "sha256":
            self.faults.add(repomd, f"it names {record.type} in another place or without a sha256")
        elif not all(0 <= size <= LARGEST_INDEX for size in sizes):
            self.faults.add(repomd, f"it names {record.type} with an impossible size")
        else:
            return self._checked(path, record)
        return None

    def _checked(self, path: str, record: createrepo_c.RepomdRecord) -> bytes | None:
        try:
            with self.origin.file(path, size=record.size) as local:
                content = local.read_bytes()
        except OriginError as error:
            self.faults.add(path, str(error))
            return None
        if hashlib.sha256(content).hexdigest() != record.checksum:
            self.faults.add(path, "its sha256 is not the one that repomd.xml names")
            return None
        return self._unpacked(path, content, record)

    def _unpacked(self, path: str, content: bytes, record: createrepo_c.RepomdRecord) -> bytes | None:
        try:
            text = unpacked(content, most=record.size_open) if path.endswith(".gz") else content
        except (ValueError, zlib.error) as error:
            self.faults.add(path, str(error))
            return None
        if record.checksum_open not in (None, hashlib.sha256(text).hexdigest()):
            self.faults.add(path, "it unpacks to something else than repomd.xml names")
            return None
        return text

    def _entries(self, directory: str, primary: bytes | None) -> Iterator[RpmEntry]:
        if primary is None:
            return
        where = f"{directory}/repodata (primary)"
        try:
            packages = _packages(primary)
        except createrepo_c.CreaterepoCError as error:
            self.faults.add(where, f"it cannot be read: {error}")
            return
        seen: set[str] = set()
        for package in packages:
            nevra = package.nevra()
            if nevra in seen:
                self.faults.add(where, f"it has {nevra} twice")
            seen.add(nevra)
            reason = fault_of(package, directory)
            if reason:
                self.faults.add(where, f"{nevra} {reason}")
            else:
                yield _entry(package, directory)


def fault_of(package: createrepo_c.Package, directory: str) -> str:
    """Tell why a package of primary.xml cannot be taken; "" when it can."""
    try:
        resolved(directory, package.location_href or "")
    except ValueError as error:
        return f"has a bad path: {error}"
    if package.location_base:
        return "is said to lie in another place"
    if not 0 < package.size_package <= LARGEST_PACKAGE or not 0 < package.rpm_header_end <= LARGEST_HEADER:
        return f"has an impossible size: {package.size_package} bytes"
    if package.checksum_type != "sha256" or not SHA256.fullmatch(package.pkgId or ""):
        return "has no sha256"
    return ""


def _entry(package: createrepo_c.Package, directory: str) -> RpmEntry:
    return RpmEntry(
        name=package.name,
        version=package.version,
        release=package.release,
        architecture=package.arch,
        path=resolved(directory, package.location_href),
        size=package.size_package,
        sha256=package.pkgId,
        header_end=package.rpm_header_end,
    )


def _repomd(content: bytes) -> createrepo_c.Repomd:
    with tempfile.NamedTemporaryFile() as stream:
        stream.write(content)
        stream.flush()
        return createrepo_c.Repomd(stream.name)


def _packages(primary: bytes) -> list[createrepo_c.Package]:
    found: list[createrepo_c.Package] = []
    with tempfile.TemporaryDirectory(prefix="modpkg.") as scratch:
        path = Path(scratch, "primary.xml")
        path.write_bytes(primary)
        createrepo_c.xml_parse_primary(str(path), pkgcb=found.append, do_files=False)
    return found
