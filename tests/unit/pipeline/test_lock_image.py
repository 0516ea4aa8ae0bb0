from pathlib import Path

import pytest

from modpkg.apt.stanza import Entry
from modpkg.errors import BadInputError
from modpkg.formats.canonical import read_record
from modpkg.formats.documents import load_manifest
from modpkg.model.lock import ImageLock
from modpkg.model.repository import Places
from modpkg.pipeline import lock_image as subject
from modpkg.pipeline.image_lock import check_lock, find_manifest, lock_of, read_lock
from modpkg.pipeline.lock_image import LockedImage, lock_image
from tests.support.channel import CORE, KERNEL, SLURM, Channel, entry
from tests.support.checkout import Checkout

PLACES = Places(Path("/nowhere/repository"))


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Channel:
    made = Channel()
    monkeypatch.setattr(subject, "read_channel", made.read)
    return made


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return Checkout.made(tmp_path).path("images/compute.yaml")


def lock(manifest: Path, *, dry_run: bool = False) -> LockedImage:
    return lock_image(manifest, load_manifest(manifest), places=PLACES, architecture="amd64", dry_run=dry_run)


def test_the_lock_is_written_beside_the_manifest(manifest: Path, channel: Channel) -> None:
    locked = lock(manifest)
    assert locked.path == lock_of(manifest) == manifest.parent / "compute.lock"
    assert read_record(locked.path, ImageLock) == locked.lock == read_lock(manifest)
    assert check_lock(locked.lock, load_manifest(manifest)) == locked.lock
    assert channel.asked == [(PLACES.root, "testing", "amd64", PLACES.public_key)]


def test_it_has_exact_modules_with_their_digests(manifest: Path, channel: Channel) -> None:
    del channel
    found = lock(manifest).lock
    assert (found.name, found.platform, found.architecture, found.channel) == (
        *("compute", "bookworm", "amd64", "testing"),
    )
    assert [(one.name, one.version) for one in found.modules] == [
        ("core", "12.0.3-1"),
        ("kernel", "6.1.0-1"),
        ("slurm", "22.5.8-2"),
    ]
    assert found.modules[0].deb_path == CORE.path
    assert found.modules[0].deb_sha256 == CORE.sha256
    assert found.modules[0].fragment_sha256 == CORE.control["Modpkg-Fragment-Sha256"]
    assert found.version.startswith("12.0.3-4.")


def test_a_first_lock_tells_all_modules_as_new(manifest: Path, channel: Channel) -> None:
    del channel
    assert lock(manifest).changes == (
        "core: new -> 12.0.3-1",
        "kernel: new -> 6.1.0-1",
        "slurm: new -> 22.5.8-2",
    )


def test_a_second_lock_changes_nothing_and_writes_nothing(manifest: Path, channel: Channel) -> None:
    del channel
    before = lock(manifest).path.stat()
    second = lock(manifest)
    assert second.changes == ()
    assert (second.path.stat().st_ino, second.path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_changes_are_told_in_words(manifest: Path, channel: Channel) -> None:
    lock(manifest)
    channel.entries = (
        entry("core", "12.0.4-2"),
        entry("kernel", "6.1.0-1", core="12.0.4-2"),
        entry("python", "3.11.2-1", core="12.0.4-2"),
    )
    text = manifest.read_text().replace('{name: slurm, version: "22.5.8-2"}', '{name: python, version: "~3"}')
    manifest.write_text(text)
    assert lock(manifest).changes == (
        "core: 12.0.3-1 -> 12.0.4-2",
        "python: new -> 3.11.2-1",
        "slurm: 22.5.8-2 -> removed",
    )


def test_a_dry_run_tells_the_same_and_writes_nothing(manifest: Path, channel: Channel) -> None:
    del channel
    told = lock(manifest, dry_run=True)
    assert not lock_of(manifest).exists()
    assert told == lock(manifest)


def test_a_dry_run_leaves_an_old_lock(manifest: Path, channel: Channel) -> None:
    lock(manifest)
    before = lock_of(manifest).read_bytes()
    channel.entries = (entry("core", "12.0.4-2"), entry("kernel", "6.1.0-1", core="12.0.4-2"), SLURM)
    with pytest.raises(BadInputError):
        lock(manifest)
    assert lock_of(manifest).read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', "\x00"])
def test_a_lock_that_cannot_be_read_is_replaced(manifest: Path, channel: Channel, text: str) -> None:
    del channel
    lock_of(manifest).write_text(text)
    assert len(lock(manifest).changes) == 3
    assert read_lock(manifest) is not None


@pytest.mark.parametrize("text", ["", "{", '{"format": 99}'])
def test_a_lock_that_cannot_be_read_says_what_makes_it_anew(manifest: Path, text: str) -> None:
    lock_of(manifest).write_text(text)
    with pytest.raises(BadInputError) as caught:
        read_lock(manifest)
    assert (caught.value.where, caught.value.hint) == (
        str(lock_of(manifest)),
        "invoke lock compute makes it anew",
    )


def test_a_manifest_without_a_lock_has_none(manifest: Path) -> None:
    assert read_lock(manifest) is None


def test_newer_modules_that_do_not_fit_are_held_back_with_the_reason(
    manifest: Path, channel: Channel
) -> None:
    channel.entries = (CORE, entry("core", "12.0.4-2"), KERNEL, SLURM)
    locked = lock(manifest)
    assert locked.lock.modules[0].version == "12.0.3-1"
    assert any("12.0.4-2" in line for line in locked.held_back)


def test_packages_of_other_platforms_are_not_seen(manifest: Path, channel: Channel) -> None:
    other = Entry(
        control={**entry("core", "12.0.9-9").control, "Modpkg-Platform": "trixie"},
        path="x",
        size=1,
        sha256="0" * 64,
    )
    channel.entries = (other, CORE, KERNEL, SLURM)
    assert lock(manifest).lock.modules[0].version == "12.0.3-1"


@pytest.mark.parametrize(
    ("name", "hint"), [("comptue", "did you mean 'compute'?"), ("xyz", "known: compute")]
)
def test_a_manifest_that_is_not_there_says_what_is(tmp_path: Path, name: str, hint: str) -> None:
    catalogue = Checkout.made(tmp_path).catalogue()
    with pytest.raises(BadInputError) as caught:
        find_manifest(catalogue, name)
    assert str(caught.value) == f"{catalogue.root}/images: no image {name!r}\n  hint: {hint}"


def test_a_manifest_is_found_with_its_path(tmp_path: Path) -> None:
    catalogue = Checkout.made(tmp_path).catalogue()
    path, manifest = find_manifest(catalogue, "compute")
    assert (path, manifest.name) == (catalogue.root / "images/compute.yaml", "compute")
