"""Packages of a published repository held against the indices that name them. Never installs or unpacks one."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final, Literal

from modpkg.deb import read as deb
from modpkg.errors import ModpkgError
from modpkg.events import Progress, Sink
from modpkg.host.files import digest_file
from modpkg.rpm import read as rpm
from modpkg.rpm.signature import read_signed_header
from modpkg.store.origin import OriginError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.apt.stanza import Entry
    from modpkg.model.fault import Faults
    from modpkg.openpgp.verify import Ring
    from modpkg.store.origin import Origin
    from modpkg.yum.verify import RpmEntry

STEP: Final = "verify packages"
THREADS: Final = 4
COMPARED_FIELDS: Final = (
    "Package",
    "Version",
    "Architecture",
    "Depends",
    "Conflicts",
    "Provides",
    "Modpkg-Fragment-Sha256",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageCheck:
    """The check of packages: "quick" looks at sizes and at the signed headers of rpms, "full" at every byte."""

    origin: Origin
    ring: Ring
    faults: Faults
    depth: Literal["full", "quick"]
    sink: Sink

    def run(self, debs: Sequence[Entry], rpms: Sequence[RpmEntry]) -> None:
        """Check all packages and note their faults."""
        total = len(debs) + len(rpms)
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            done = chain(pool.map(self._deb, debs), pool.map(self._rpm, rpms))
            for count, _ in enumerate(done, 1):
                self.sink(Progress(STEP, count, total, "packages"))

    def _deb(self, entry: Entry) -> None:
        try:
            if self.depth == "quick":
                self._check_size(entry.path, entry.size)
            else:
                self._read_deb(entry)
        except OriginError as error:
            self.faults.add(entry.path, str(error))
        except ModpkgError as error:
            self.faults.add(entry.path, error.what)

    def _rpm(self, entry: RpmEntry) -> None:
        try:
            if self.depth == "quick":
                self._check_size(entry.path, entry.size)
            else:
                self._read_rpm(entry)
            self._check_header(entry)
        except OriginError as error:
            self.faults.add(entry.path, str(error))
        except ModpkgError as error:
            self.faults.add(entry.path, error.what)

    def _check_size(self, path: str, size: int) -> None:
        found = self.origin.size(path)
        if found != size:
            self.faults.add(path, f"its size is {found} bytes, not {size}")

    def _read_deb(self, entry: Entry) -> None:
        with self.origin.file(entry.path, size=entry.size) as local:
            if digest_file(local) != entry.sha256:
                self.faults.add(entry.path, "its sha256 is not the one that the index names")
                return
            deb.check_contents(local)
            control = deb.read_control(local)
        for name in COMPARED_FIELDS:
            if control.get(name) != entry.control.get(name):
                self.faults.add(entry.path, f"its {name} is not the one that the index names")

    def _read_rpm(self, entry: RpmEntry) -> None:
        with self.origin.file(entry.path, size=entry.size) as local:
            if digest_file(local) != entry.sha256:
                self.faults.add(entry.path, "its sha256 is not the one that the index names")
                return
            rpm.check_contents(local)

    def _check_header(self, entry: RpmEntry) -> None:
        start = self.origin.start(entry.path, count=entry.header_end)
        header = read_signed_header(io.BytesIO(start), where=entry.path)
        found = (header.name, header.version, header.release, header.architecture)
        if found != (entry.name, entry.version, entry.release, entry.architecture):
            self.faults.add(entry.path, f"it is {'-'.join(found)}, not the package that the index names")
        if not header.signature:
            self.faults.add(entry.path, "it is not signed")
            return
        self.ring.detached_content(header.content, header.signature, where=entry.path)
