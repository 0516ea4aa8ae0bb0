from itertools import permutations

import pytest

from modpkg.errors import BadInputError
from modpkg.formats.canonical import digest_of
from modpkg.model.manifest import Manifest, ModulePin
from modpkg.model.version import ModuleVersion, image_version
from modpkg.pipeline.offers import Offer
from modpkg.pipeline.resolve import Channel, resolve


def offer(module: str, version: str, **depends: str) -> Offer:
    return Offer(
        module=module,
        version=ModuleVersion.parse(version),
        depends={name: ModuleVersion.parse(text) for name, text in depends.items()},
        deb_path=f"pool/{module}_{version}.deb",
        deb_sha256="a" * 64,
        fragment_sha256="b" * 64,
        fragment_size=4096,
    )


def channel(*offers: Offer) -> Channel:
    return Channel(name="testing", snapshot="42", platform="bookworm", architecture="amd64", offers=offers)


def manifest(epoch: int = 0, **pins: str) -> Manifest:
    modules = tuple(ModulePin(name=name, version=version) for name, version in pins.items())
    return Manifest(name="compute", platform="bookworm", channel="testing", modules=modules, epoch=epoch)


OFFERS = (
    offer("core", "12.0.3-41"),
    offer("core", "12.0.3-42"),
    offer("core", "12.1.0-43"),
    offer("kernel", "6.1.192-7", core="12.0.3-41"),
    offer("kernel", "6.1.192-8", core="12.0.3-42"),
    offer("slurm", "22.5.8-3", core="12.0.3-41"),
    offer("slurm", "22.5.8-4", core="12.0.3-42"),
)


def chosen(wish: Manifest, *offers: Offer) -> dict[str, str]:
    lock = resolve(wish, channel(*offers)).lock
    return {module.name: module.version for module in lock.modules}


def test_trackers_take_the_newest_that_begins_alike() -> None:
    assert chosen(manifest(core="~12.0", kernel="~6"), *OFFERS) == {
        "core": "12.0.3-42",
        "kernel": "6.1.192-8",
    }


def test_an_exact_pin_takes_just_that_and_what_fits_it() -> None:
    wish = manifest(core="12.0.3-41", kernel="~6.1", slurm="~22.5.8")
    assert chosen(wish, *OFFERS) == {"core": "12.0.3-41", "kernel": "6.1.192-7", "slurm": "22.5.8-3"}


def test_a_lock_holds_all_that_a_build_needs() -> None:
    wish = manifest(epoch=2, core="12.0.3-42")
    resolution = resolve(wish, channel(*OFFERS))
    lock = resolution.lock
    assert resolution.held_back == ()
    assert lock.manifest == digest_of(wish)
    assert (lock.name, lock.channel, lock.snapshot) == ("compute", "testing", "42")
    version = image_version("bookworm", "amd64", {"core": ModuleVersion(12, 0, 3, 42)}, epoch=2)
    assert lock.version == str(version)
    assert lock.modules[0].deb_path == "pool/core_12.0.3-42.deb"


def test_the_order_of_the_index_does_not_matter() -> None:
    wish = manifest(core="~12.0", kernel="~6.1")
    locks = [resolve(wish, channel(*offers)).lock for offers in permutations(OFFERS[:5])]
    assert all(lock == locks[0] for lock in locks)


def test_what_is_held_back_is_told_with_the_reason() -> None:
    wish = manifest(core="~12", kernel="~6.1")
    resolution = resolve(wish, channel(*OFFERS))
    assert {module.name: module.version for module in resolution.lock.modules} == {
        "core": "12.0.3-42",
        "kernel": "6.1.192-8",
    }
    assert resolution.held_back == (
        "core 12.1.0-43 is there, but 12.0.3-42 is taken: kernel 6.1.192-8 was built on core 12.0.3-42",
    )


def test_a_newer_module_that_needs_another_core_is_held_back() -> None:
    wish = manifest(core="12.0.3-41", kernel="~6.1")
    assert resolve(wish, channel(*OFFERS)).held_back == (
        "kernel 6.1.192-8 is there, but 6.1.192-7 is taken: it was built on core 12.0.3-42",
    )


def fault_of(wish: Manifest, *offers: Offer) -> str:
    with pytest.raises(BadInputError) as raised:
        resolve(wish, channel(*offers))
    return raised.value.what


def test_all_that_is_missing_is_told_at_once_with_a_way_out() -> None:
    wish = manifest(core="~12.9", kernal="~6.1", zebra="1.0.0-1")
    assert fault_of(wish, *OFFERS) == (
        "cannot lock 'compute':\n"
        "    core ~12.9 is not in channel 'testing' for bookworm amd64; "
        "there is 12.1.0-43, 12.0.3-42, 12.0.3-41\n"
        "    kernal is not in channel 'testing' for bookworm amd64; did you mean 'kernel'?\n"
        "    zebra is not in channel 'testing' for bookworm amd64; known: core, kernel, slurm"
    )


def test_an_empty_channel_says_so() -> None:
    assert "there is nothing" in fault_of(manifest(core="~12"))


def test_a_manifest_without_core_is_told_the_line_to_add() -> None:
    assert 'add: - {name: core, version: "~12.1"}' in fault_of(manifest(kernel="~6.1"), *OFFERS)


def test_pins_that_cannot_stand_together_are_explained() -> None:
    wish = manifest(core="12.0.3-41", kernel="6.1.192-8", slurm="22.5.8-3")
    assert fault_of(wish, *OFFERS) == (
        "cannot lock 'compute':\n"
        "    kernel 6.1.192-8 was built on core 12.0.3-42, but 12.0.3-41 is pinned; "
        "build kernel again on it, or pin another"
    )


def test_a_lower_module_that_the_manifest_does_not_name_is_told() -> None:
    offers = (offer("core", "1.0.0-1"), offer("storage", "1.0.0-1", core="1.0.0-1", python="3.11.2-4"))
    assert 'add: - {name: python, version: "3.11.2-4"}' in fault_of(
        manifest(core="~1", storage="~1"), *offers
    )


def test_revisions_never_reset() -> None:
    offers = (offer("core", "12.0.3-41"), offer("core", "12.0.4-1"))
    assert fault_of(manifest(core="~12"), *offers) == (
        "cannot lock 'compute':\n    core 12.0.4-1 is newer than 12.0.3-41, but its revision is not greater"
    )


def test_one_version_with_two_contents_is_refused() -> None:
    twice = (offer("core", "12.0.3-41"), offer("core", "12.0.3-41"))
    assert "core 12.0.3-41 is there twice" in fault_of(manifest(core="~12"), *twice)


def test_many_versions_that_do_not_fit_are_found_out_quickly() -> None:
    names = [f"m{number}" for number in range(9)]
    offers = [offer("core", f"1.0.0-{number}") for number in range(1, 12)]
    offers += [
        offer(name, f"1.0.0-{number}", core=f"1.0.0-{number}") for name in names for number in range(1, 11)
    ]
    offers.append(offer("last", "1.0.0-1", core="1.0.0-11"))
    wish = manifest(core="~1", **dict.fromkeys(names, "~1"), last="~1")
    assert "last 1.0.0-1" not in fault_of(wish, *offers)


KEEP = {
    name: ModuleVersion.parse(text) for name, text in {"core": "12.0.3-41", "kernel": "6.1.192-7"}.items()
}


def test_modules_that_are_kept_stay_where_the_others_let_them() -> None:
    wish = manifest(core="~12", kernel="~6", slurm="~22")
    older = (*OFFERS, offer("slurm", "22.5.9-5", core="12.0.3-41"))
    resolution = resolve(wish, channel(*older), keep=KEEP)
    found = {module.name: module.version for module in resolution.lock.modules}
    assert found == {"core": "12.0.3-41", "kernel": "6.1.192-7", "slurm": "22.5.9-5"}
    assert (resolution.moved, resolution.held_back) == ((), ())


def test_modules_that_are_kept_move_for_the_newest_of_the_others_and_say_why() -> None:
    wish = manifest(core="~12", kernel="~6", slurm="~22")
    resolution = resolve(wish, channel(*OFFERS), keep=KEEP)
    found = {module.name: module.version for module in resolution.lock.modules}
    assert found == {"core": "12.0.3-42", "kernel": "6.1.192-8", "slurm": "22.5.8-4"}
    assert [why.split(" is there")[0] for why in resolution.moved] == ["core 12.0.3-41", "kernel 6.1.192-7"]
    assert resolution.held_back == ()


def test_a_kept_version_that_the_pin_does_not_admit_is_not_kept() -> None:
    resolution = resolve(manifest(core="~12.1"), channel(*OFFERS), keep=KEEP)
    assert [module.version for module in resolution.lock.modules] == ["12.1.0-43"]
