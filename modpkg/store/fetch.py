"""Many files into the store, at the same time, each verified; what is in the store is never fetched again.

A fetch that was cut off or killed goes on where it was. All failures are told at once.
"""

from __future__ import annotations

import errno
import threading
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from modpkg.events import Progress, Sink, ignore
from modpkg.store.connections import new_opener
from modpkg.store.failures import Download, Failure, FetchError, full_error, offline_error, together
from modpkg.store.partial import Part, StoppedError, held_part
from modpkg.store.store import DigestError, Store
from modpkg.store.transfer import Kind, Patience, Transfer, TransferError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.host.files import Receipt

STEP: Final = "download"
USUAL_PATIENCE: Final = Patience()
PROGRESS_SECONDS: Final = 0.1
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def missing(downloads: Sequence[Download], store: Store) -> list[Download]:
    """Give the downloads that are not in the store, each digest once."""
    return [one for sha256, one in {one.sha256: one for one in downloads}.items() if not store.has(sha256)]


def fetch(
    downloads: Sequence[Download],
    store: Store,
    *,
    sink: Sink = ignore,
    offline: bool = False,
    parallel: int = 8,
    patience: Patience = USUAL_PATIENCE,
) -> tuple[Receipt, ...]:
    """Bring all files into the store; give receipts of those that were not there.

    Raises FetchError, and ModpkgError when files are missing offline or the disk is full.
    """
    wanted = missing(downloads, store)
    if offline and wanted:
        raise offline_error(wanted)
    job = _Job(store=store, sink=sink, patience=patience, total=sum(one.size for one in wanted))
    # Large ones first: the last connection should not be left alone with the largest file.
    wanted.sort(key=lambda one: (-one.size, one.name))
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        try:
            outcomes = list(pool.map(job.bring, wanted))
        except BaseException as error:
            job.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, OSError) and error.errno in FULL:
                raise full_error(store, missing(wanted, store)) from error
            raise
    failures = [one for one in outcomes if isinstance(one, Failure)]
    if failures:
        raise FetchError(sorted(failures, key=lambda one: one.download.name), total=len(wanted))
    return tuple(one for one in outcomes if not isinstance(one, Failure) and one is not None)


@dataclass(slots=True, kw_only=True)
class _Job:
    """What the threads of one fetch share."""

    store: Store
    sink: Sink
    patience: Patience
    total: int
    done: int = 0
    told: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    unreachable: dict[str, str] = field(default_factory=dict)
    opener: urllib.request.OpenerDirector = field(default_factory=new_opener)

    def bring(self, download: Download) -> Receipt | Failure | None:
        """Fetch one file; None when another process did meanwhile."""
        try:
            with held_part(self.store, download, stop=self.stop, sink=self.sink) as part:
                if part is None:
                    self._came(download.size)
                    return None
                return self._try_all(download, part)
        except StoppedError:
            return Failure(download=download, kind=Kind.CUT, detail="stopped")
        except BaseException:
            self.stop.set()  # a full disk, say: the other threads need not find out for themselves
            raise

    def _try_all(self, download: Download, part: Part) -> Receipt | Failure:
        transfer = Transfer(
            opener=self.opener,
            part=part.stream,
            size=download.size,
            patience=self.patience,
            stop=self.stop,
            on_bytes=self._came,
        )
        self._came(transfer.have())
        failures: list[Failure] = []
        for url in download.urls:
            resumed = transfer.have() > 0
            outcome = self._try(download, transfer, url, part.path)
            if resumed and isinstance(outcome, Failure) and outcome.kind is Kind.WRONG:
                # The part may be of another day or another server: judge the mirror by a whole file.
                outcome = self._try(download, transfer, url, part.path)
            if not isinstance(outcome, Failure):
                return outcome
            failures.append(outcome)
        return together(failures)

    def _try(self, download: Download, transfer: Transfer, url: str, path: Path) -> Receipt | Failure:
        try:
            self._transfer(transfer, url)
            return self.store.add(path, sha256=download.sha256, name=download.name)
        except TransferError as error:
            if error.kind is Kind.WRONG:
                transfer.restart()
            return Failure(download=download, kind=error.kind, detail=error.detail)
        except DigestError as error:
            transfer.restart()
            detail = f"its sha256 is {error.found}, not {error.wanted}"
            return Failure(download=download, kind=Kind.WRONG, detail=detail)

    def _transfer(self, transfer: Transfer, url: str) -> None:
        # Without network each of a hundred files would wait through all its attempts.
        host = urllib.parse.urlsplit(url).netloc
        if detail := self.unreachable.get(host):
            raise TransferError(Kind.UNREACHABLE, detail)
        try:
            transfer.run(url)
        except TransferError as error:
            if error.kind is Kind.UNREACHABLE:
                self.unreachable[host] = error.detail
            raise

    def _came(self, count: int) -> None:
        with self.lock:
            self.done += count
            now = time.monotonic()
            if self.done == self.total or now - self.told >= PROGRESS_SECONDS:
                self.told = now
                self.sink(Progress(STEP, self.done, self.total, "bytes"))
