from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.formats.canonical import read_record, write_record
from modpkg.model.lock import ImageLock
from modpkg.model.repository import Places
from modpkg.pipeline import lock_image as locking
from modpkg.pipeline.image_lock import find_manifest, lock_of
from modpkg.pipeline.known_modules import Shelves
from modpkg.pipeline.update_image import Request, UpdatedImage, update_image
from modpkg.store.store import Store
from tests.support.channel import Channel, entry
from tests.support.checkout import Checkout

PLACES = Places(Path("/nowhere/repository"))
NEWER = (
    entry("core", "12.0.4-2"),
    entry("kernel", "6.1.0-2", core="12.0.4-2"),
    entry("slurm", "22.5.8-3", core="12.0.4-2", kernel="6.1.0-2"),
)


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Channel:
    made = Channel()
    monkeypatch.setattr(locking, "read_channel", made.read)
    return made


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout.made(tmp_path)
    made.change("images/compute.yaml", '"6.1.0-1"', '"~6"')
    made.change("images/compute.yaml", '"22.5.8-2"', '"~22"')
    return made


def update(checkout: Checkout, module: str | None = None, *, dry_run: bool = False) -> UpdatedImage:
    path, manifest = find_manifest(checkout.catalogue(), "compute")
    shelves = Shelves(
        store=Store(checkout.root / "store"), www=checkout.root / "www", packages=checkout.root / "packages"
    )
    request = Request(path=path, manifest=manifest, architecture="amd64", module=module)
    return update_image(request, places=PLACES, shelves=shelves, dry_run=dry_run)


def versions(checkout: Checkout) -> dict[str, str]:
    lock = read_record(lock_of(checkout.path("images/compute.yaml")), ImageLock)
    return {one.name: one.version for one in lock.modules}


FIRST = {"core": "12.0.3-1", "kernel": "6.1.0-1", "slurm": "22.5.8-2"}
ALL = {"core": "12.0.4-2", "kernel": "6.1.0-2", "slurm": "22.5.8-3"}


def test_the_first_lock_has_nothing_to_be_compared_with(checkout: Checkout, channel: Channel) -> None:
    del channel
    updated = update(checkout)
    assert (updated.is_written, updated.diff) == (True, None)
    assert updated.untold == "there was no lock to compare with"
    assert versions(checkout) == FIRST


def test_all_modules_rise(checkout: Checkout, channel: Channel) -> None:
    update(checkout)
    channel.entries += NEWER
    assert update(checkout).is_written
    assert versions(checkout) == ALL


def test_a_dry_run_writes_nothing(checkout: Checkout, channel: Channel) -> None:
    update(checkout)
    channel.entries += NEWER
    updated = update(checkout, dry_run=True)
    assert not updated.is_written
    assert {one.name: one.version for one in updated.lock.modules} == ALL
    assert versions(checkout) == FIRST


def test_a_lock_that_stays_is_not_written(checkout: Checkout, channel: Channel) -> None:
    del channel
    update(checkout)
    assert not update(checkout).is_written


def test_modules_that_are_nowhere_keep_the_diff_and_not_the_update(
    checkout: Checkout, channel: Channel
) -> None:
    update(checkout)
    channel.entries += NEWER
    updated = update(checkout)
    assert (updated.is_written, updated.diff) == (True, None)
    assert "cannot find 6 modules of the image" in updated.untold


def test_one_module_moves_alone_where_it_can(checkout: Checkout, channel: Channel) -> None:
    update(checkout)
    channel.entries += (
        *NEWER[:2],
        entry("slurm", "22.5.9-3", core="12.0.3-1", kernel="6.1.0-1"),
    )
    updated = update(checkout, "slurm")
    assert versions(checkout) == {**FIRST, "slurm": "22.5.9-3"}
    assert (updated.moved, updated.held_back) == ((), ())


def test_what_has_to_move_with_a_module_moves_and_says_why(checkout: Checkout, channel: Channel) -> None:
    update(checkout)
    channel.entries += NEWER
    updated = update(checkout, "slurm")
    assert versions(checkout) == ALL
    assert updated.moved == (
        (
            "core 12.0.3-1 is there, but 12.0.4-2 is taken: slurm 22.5.8-3 was built on core 12.0.4-2; "
            "kernel 6.1.0-2 was built on core 12.0.4-2"
        ),
        (
            "kernel 6.1.0-1 is there, but 6.1.0-2 is taken: slurm 22.5.8-3 was built on kernel 6.1.0-2; "
            "it was built on core 12.0.3-1"
        ),
    )


def test_a_kept_module_that_left_the_channel_moves(checkout: Checkout, channel: Channel) -> None:
    update(checkout)
    channel.entries = NEWER
    assert update(checkout, "slurm").moved[0] == (
        "core 12.0.3-1 is not in channel 'testing' any more, 12.0.4-2 is taken"
    )


def test_a_module_that_the_manifest_does_not_name_is_refused(checkout: Checkout, channel: Channel) -> None:
    del channel
    update(checkout)
    with pytest.raises(BadInputError, match="cannot update 'slrum' of 'compute'") as caught:
        update(checkout, "slrum")
    assert caught.value.hint == "did you mean 'slurm'?"


def test_one_module_needs_a_lock_that_keeps_the_others(checkout: Checkout, channel: Channel) -> None:
    del channel
    with pytest.raises(BadInputError, match="it has no lock yet") as caught:
        update(checkout, "slurm")
    assert caught.value.hint == "invoke update compute locks all of them"


def test_a_lock_of_another_image_or_of_none_is_replaced_wholly(checkout: Checkout, channel: Channel) -> None:
    del channel
    update(checkout)
    path = lock_of(checkout.path("images/compute.yaml"))
    write_record(path, read_record(path, ImageLock).model_copy(update={"name": "storage"}))
    with pytest.raises(BadInputError, match="it has no lock yet"):
        update(checkout, "slurm")
    assert update(checkout).is_written
    path.write_text("{")
    with pytest.raises(BadInputError, match="invoke lock compute makes it anew"):
        update(checkout, "slurm")
    assert update(checkout).is_written
    assert versions(checkout) == FIRST


def test_a_changed_pin_counts_more_than_the_lock(checkout: Checkout, channel: Channel) -> None:
    update(checkout)
    channel.entries += NEWER
    checkout.change("images/compute.yaml", '"~6"', '"6.1.0-2"')
    update(checkout, "slurm")
    assert versions(checkout) == ALL
