from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Event, Warned
from modpkg.host.mirrors import Mirrors
from modpkg.model.lock import LockedPackage
from modpkg.model.platform import Platform
from modpkg.pipeline import fetch_packages as subject
from modpkg.pipeline.fetch_packages import GoneError, fetch_packages
from modpkg.pipeline.site import Site
from modpkg.store.failures import Download, Failure, FetchError
from modpkg.store.store import Store
from modpkg.store.transfer import Kind
from tests.support.checkout import Checkout, package
from tests.support.fake_worker import stock
from tests.support.jobs import PLATFORM

MIRROR = "https://mirror.example.org/debian"
SNAPSHOT = "https://snapshots.example.org/{sha256}/{file}"


class Fetches:
    """Takes the place of the network."""

    def __init__(self) -> None:
        self.asked: list[Download] = []
        self.offline: list[bool] = []
        self.kinds: dict[str, Kind] = {}

    def __call__(
        self, downloads: Sequence[Download], store: Store, *, sink: object, offline: bool
    ) -> tuple[()]:
        del store, sink
        self.asked += downloads
        self.offline.append(offline)
        failures = [
            Failure(download=one, kind=kind, detail="404")
            for one in downloads
            for name, kind in self.kinds.items()
            if f"/{name}_" in one.name
        ]
        if failures:
            raise FetchError(failures, total=len(downloads))
        return ()


@pytest.fixture
def fetches(monkeypatch: pytest.MonkeyPatch) -> Fetches:
    made = Fetches()
    monkeypatch.setattr(subject, "fetch", made)
    return made


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.made(tmp_path)


def site(checkout: Checkout, *, snapshots: tuple[str, ...] = (), offline: bool = False) -> Site:
    mirrors = Mirrors(
        environ={}, configured={"debian": MIRROR}, snapshots={"debian": snapshots} if snapshots else {}
    )
    return Site(mirrors=mirrors, store=checkout.store, offline=offline)


def fetch(checkout: Checkout, place: Site, *modules: str) -> None:
    fetch_packages(checkout.lock(), modules, platform=Platform(**PLATFORM), site=place)


def test_packages_come_from_their_mirror_by_path(checkout: Checkout, fetches: Fetches) -> None:
    fetch(checkout, site(checkout), "slurm")
    munge = next(one for one in fetches.asked if "munge" in one.name)
    wanted = package("munge")
    assert munge == Download(
        urls=(f"{MIRROR}/{wanted.path}",), sha256=wanted.sha256, size=100, name=f"debian:/{wanted.path}"
    )
    assert len(fetches.asked) == 2


def test_snapshots_are_asked_after_the_mirror(checkout: Checkout, fetches: Fetches) -> None:
    fetch(checkout, site(checkout, snapshots=(SNAPSHOT,)), "kernel")
    (one,) = fetches.asked
    assert one.urls == (
        f"{MIRROR}/{package('linux-image-amd64').path}",
        f"https://snapshots.example.org/{one.sha256}/linux-image-amd64_1.0-1_amd64.deb",
    )


def test_only_what_is_not_in_the_store_is_asked_for(checkout: Checkout, fetches: Fetches) -> None:
    stock(checkout.store, checkout.lock(slurm=(package("munge"),)))
    fetch(checkout, site(checkout), "core", "kernel", "slurm")
    assert [one.name.rsplit("/", 1)[-1] for one in fetches.asked] == ["slurmd_1.0-1_amd64.deb"]


def test_a_package_of_two_modules_is_asked_for_once(checkout: Checkout, fetches: Fetches) -> None:
    lock = checkout.lock(kernel=(package("munge"),))
    fetch_packages(lock, ["kernel", "slurm"], platform=Platform(**PLATFORM), site=site(checkout))
    assert sorted(one.name.rsplit("/", 1)[-1] for one in fetches.asked) == [
        "munge_1.0-1_amd64.deb",
        "slurmd_1.0-1_amd64.deb",
    ]


def keep(directory: Path, wanted: LockedPackage, content: bytes) -> None:
    """Put a file where a repository would keep this package."""
    path = directory / wanted.sha256 / wanted.path.rpartition("/")[2]
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def test_what_a_repository_keeps_is_not_fetched(checkout: Checkout, fetches: Fetches, tmp_path: Path) -> None:
    wanted = package("linux-image-amd64")
    keep(tmp_path / "kept", wanted, b"linux-image-amd64 1.0-1")
    fetch(checkout, replace(site(checkout, offline=True), kept=tmp_path / "kept"), "kernel")
    assert fetches.asked == []
    assert checkout.store.has(wanted.sha256)


def test_what_is_damaged_where_it_is_kept_is_told_and_fetched(
    checkout: Checkout, fetches: Fetches, tmp_path: Path
) -> None:
    keep(tmp_path / "kept", package("linux-image-amd64"), b"something else")
    events = list[Event]()
    place = replace(site(checkout), kept=tmp_path / "kept")
    lock, platform = checkout.lock(), Platform(**PLATFORM)
    fetch_packages(lock, ["kernel"], platform=platform, site=place, sink=events.append)
    assert len(fetches.asked) == 1
    (said,) = events
    assert isinstance(said, Warned)
    assert "linux-image-amd64_1.0-1_amd64.deb is damaged: cannot use" in said.message


def test_offline_no_address_is_looked_for(checkout: Checkout, fetches: Fetches) -> None:
    place = Site(mirrors=Mirrors(environ={}, configured={}, snapshots={}), store=checkout.store, offline=True)
    fetch(checkout, place, "kernel")
    assert [one.urls for one in fetches.asked] == [()]
    assert fetches.offline == [True]


def test_what_is_gone_says_how_to_renew_the_lock_or_where_to_look(
    checkout: Checkout, fetches: Fetches
) -> None:
    fetches.kinds = {"munge": Kind.GONE}
    with pytest.raises(GoneError) as caught:
        fetch(checkout, site(checkout), "slurm")
    assert str(caught.value) == (
        "cannot fetch packages of platform 'bookworm': 1 gone from the mirror:\n"
        f"    debian:/{package('munge').path}: gone: 404\n"
        "  hint: invoke lock-platform bookworm renews the lock; or name an archive of snapshots in "
        "MODPKG_SNAPSHOTS_DEBIAN"
    )
    assert caught.value.packages == (package("munge"),)


def test_other_failures_beside_those_that_are_gone_are_counted(checkout: Checkout, fetches: Fetches) -> None:
    fetches.kinds = {"munge": Kind.GONE, "slurmd": Kind.UNREACHABLE}
    with pytest.raises(GoneError, match="1 gone from the mirror, 1 not fetched:"):
        fetch(checkout, site(checkout), "slurm")


def test_a_mirror_that_is_down_does_not_ask_for_another_lock(checkout: Checkout, fetches: Fetches) -> None:
    fetches.kinds = {"munge": Kind.UNREACHABLE}
    with pytest.raises(FetchError, match="check the network"):
        fetch(checkout, site(checkout), "slurm")


def test_a_module_that_the_lock_has_not_is_a_fault_of_modpkg(checkout: Checkout, fetches: Fetches) -> None:
    with pytest.raises(ModpkgError, match="internal error: the lock has no module 'nfs'"):
        fetch(checkout, site(checkout), "nfs")
    assert fetches.asked == []
