from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.model.repository import Places
from modpkg.pipeline import lock_image as locking
from modpkg.pipeline.image_lock import find_manifest, lock_of
from modpkg.pipeline.lock_image import lock_image
from modpkg.pipeline.outdated import OutdatedImage, outdated_images
from tests.support.channel import Channel, entry
from tests.support.checkout import Checkout

PLACES = Places(Path("/nowhere/repository"))


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Channel:
    made = Channel()
    monkeypatch.setattr(locking, "read_channel", made.read)
    return made


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.made(tmp_path)


def lock(checkout: Checkout) -> None:
    path, manifest = find_manifest(checkout.catalogue(), "compute")
    lock_image(path, manifest, places=PLACES, architecture="amd64")


def compute(checkout: Checkout) -> OutdatedImage:
    (found,) = outdated_images(checkout.catalogue(), places=PLACES, name="compute")
    return found


def rows(image: OutdatedImage) -> list[tuple[str, ...]]:
    return [(m.module, m.locked, m.wanted, m.newest, m.pin_for_newest) for m in image.modules]


def test_an_image_that_has_the_newest_is_not_outdated(checkout: Checkout, channel: Channel) -> None:
    del channel
    lock(checkout)
    found = compute(checkout)
    assert (found.lock, found.update, found.fault, found.modules) == ("current", "", "", ())
    assert not found.needs_work


def test_what_an_update_would_take_is_told(checkout: Checkout, channel: Channel) -> None:
    lock(checkout)
    channel.entries += (
        entry("core", "12.0.4-2"),
        entry("kernel", "6.1.0-2", core="12.0.4-2"),
        entry("slurm", "22.5.8-3", core="12.0.4-2", kernel="6.1.0-2"),
    )
    checkout.change("images/compute.yaml", '"6.1.0-1"', '"~6.1.0"')
    checkout.change("images/compute.yaml", '"22.5.8-2"', '"~22"')
    lock(checkout)
    channel.entries += (entry("slurm", "22.6.0-4", core="12.0.4-2", kernel="6.1.0-2"),)
    found = compute(checkout)
    assert rows(found) == [("slurm", "22.5.8-3", "22.6.0-4", "22.6.0-4", "")]
    assert (found.update, found.needs_work) == ("invoke update compute", True)


def test_newer_ones_that_a_pin_keeps_out_are_told_with_the_pin_for_them(
    checkout: Checkout, channel: Channel
) -> None:
    lock(checkout)
    channel.entries += (entry("core", "12.3.1-9"), entry("slurm", "23.0.0-7", core="12.3.1-9"))
    found = compute(checkout)
    assert rows(found) == [
        ("core", "12.0.3-1", "12.0.3-1", "12.3.1-9", "~12.3"),
        ("slurm", "22.5.8-2", "22.5.8-2", "23.0.0-7", "23.0.0-7"),
    ]
    assert not found.needs_work, "an update would change nothing"


def test_a_missing_lock_is_told(checkout: Checkout, channel: Channel) -> None:
    del channel
    found = compute(checkout)
    assert (found.lock, found.update) == ("missing", "invoke update compute")
    assert ("core", "", "12.0.3-1", "12.0.3-1", "") in rows(found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"name": "compute"', '"name": "storage"'),
        ('"manifest": "', '"manifest": "x'),
        ('"version": "12.0.3-4', '"version": "12.0.3-5'),
    ],
)
def test_a_lock_that_is_not_of_this_manifest_is_stale(
    checkout: Checkout, channel: Channel, old: str, new: str
) -> None:
    del channel
    lock(checkout)
    path = lock_of(checkout.path("images/compute.yaml"))
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    found = compute(checkout)
    assert (found.lock, found.update) == ("stale", "invoke update compute")


def test_a_changed_manifest_makes_its_lock_stale(checkout: Checkout, channel: Channel) -> None:
    del channel
    lock(checkout)
    checkout.change("images/compute.yaml", '"22.5.8-2"', '"~22"')
    found = compute(checkout)
    assert (found.lock, found.modules) == ("stale", ())


def test_a_channel_that_is_not_there_is_told_with_the_image(checkout: Checkout) -> None:
    found = compute(checkout)
    assert found.fault == "cannot find channel 'testing'"
    assert found.needs_work


def test_modules_that_do_not_fit_are_told_with_the_image(checkout: Checkout, channel: Channel) -> None:
    channel.entries = channel.entries[:2]
    assert "slurm is not in channel 'testing'" in compute(checkout).fault


def test_an_unknown_image_is_refused(checkout: Checkout) -> None:
    with pytest.raises(BadInputError, match="no image 'comptue'"):
        outdated_images(checkout.catalogue(), places=PLACES, name="comptue")
