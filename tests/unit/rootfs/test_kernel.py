from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.rootfs.kernel import kernel_release, prune_drivers

RELEASE = "6.1.0-40-amd64"
# Each driver with all that it needs, indirect ones included, as depmod writes them.
DRIVERS = {
    "kernel/net/mac80211.ko": ("kernel/net/cfg80211.ko",),
    "kernel/net/cfg80211.ko": (),
    "kernel/drivers/net/wireless/wifi.ko": ("kernel/net/mac80211.ko", "kernel/net/cfg80211.ko"),
    "kernel/drivers/net/ice.ko": ("kernel/drivers/gnss/gnss.ko",),
    "kernel/drivers/gnss/gnss.ko": (),
    "kernel/drivers/gnss/other.ko": ("kernel/drivers/gnss/gnss.ko",),
    "kernel/sound/soundcore.ko": (),
    "kernel/sound/snd.ko": ("kernel/sound/soundcore.ko",),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    directory = tmp_path / "usr/lib/modules" / RELEASE
    for driver in DRIVERS:
        path = directory / driver
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x7fELF")
    lines = (f"{driver}:{''.join(f' {one}' for one in needs)}\n" for driver, needs in DRIVERS.items())
    (directory / "modules.dep").write_text("".join(lines))
    return tmp_path


def left(tree: Path) -> set[str]:
    directory = tree / "usr/lib/modules" / RELEASE
    return {str(path.relative_to(directory)) for path in directory.rglob("*.ko")}


def test_the_kernel_of_a_tree_is_found_by_its_directory(tree: Path) -> None:
    assert kernel_release(tree) == RELEASE


def test_a_tree_without_drivers_has_no_kernel(tmp_path: Path) -> None:
    assert kernel_release(tmp_path) is None
    (tmp_path / "usr/lib/modules").mkdir(parents=True)
    assert kernel_release(tmp_path) is None


def test_two_kernels_are_too_many(tree: Path) -> None:
    (tree / "usr/lib/modules/6.1.0-41-amd64").mkdir()
    with pytest.raises(ModpkgError) as caught:
        kernel_release(tree)
    assert str(caught.value) == (f"{tree}: cannot choose between the kernels 6.1.0-40-amd64, 6.1.0-41-amd64")


def test_nothing_is_left_out_unless_asked(tree: Path) -> None:
    assert prune_drivers(tree, RELEASE, exclude=[]) == ()
    assert left(tree) == set(DRIVERS)


def test_drivers_that_a_glob_matches_go(tree: Path) -> None:
    removed = prune_drivers(tree, RELEASE, exclude=["kernel/sound/**"])
    assert removed == ("kernel/sound/snd.ko", "kernel/sound/soundcore.ko")
    assert left(tree) == set(DRIVERS) - set(removed)


def test_a_driver_that_one_that_stays_needs_stays(tree: Path) -> None:
    removed = prune_drivers(tree, RELEASE, exclude=["kernel/drivers/gnss/**"])
    assert removed == ("kernel/drivers/gnss/other.ko",)


def test_all_that_it_needs_stays_however_far(tree: Path) -> None:
    removed = prune_drivers(tree, RELEASE, exclude=["kernel/net/**"])
    assert removed == ()


def test_what_only_drivers_that_go_need_goes(tree: Path) -> None:
    removed = prune_drivers(tree, RELEASE, exclude=["kernel/net/**", "kernel/drivers/net/wireless/**"])
    assert removed == (
        "kernel/drivers/net/wireless/wifi.ko",
        "kernel/net/cfg80211.ko",
        "kernel/net/mac80211.ko",
    )


def test_an_exception_stays_with_what_it_needs(tree: Path) -> None:
    globs = ["kernel/sound/**", "kernel/net/**", "kernel/drivers/net/**", "!kernel/drivers/net/wireless/*"]
    prune_drivers(tree, RELEASE, exclude=globs)
    assert left(tree) == {
        "kernel/drivers/gnss/gnss.ko",
        "kernel/drivers/gnss/other.ko",
        "kernel/drivers/net/wireless/wifi.ko",
        "kernel/net/cfg80211.ko",
        "kernel/net/mac80211.ko",
    }


def test_an_exception_counts_wherever_it_stands(tree: Path) -> None:
    prune_drivers(tree, RELEASE, exclude=["!kernel/sound/snd.ko", "kernel/sound/**"])
    assert {"kernel/sound/snd.ko", "kernel/sound/soundcore.ko"} <= left(tree)


def test_a_star_stays_within_a_directory(tree: Path) -> None:
    removed = prune_drivers(tree, RELEASE, exclude=["kernel/drivers/net/*"])
    assert removed == ("kernel/drivers/net/ice.ko",)


def test_directories_go_when_they_are_empty(tree: Path) -> None:
    directory = tree / "usr/lib/modules" / RELEASE / "kernel"
    prune_drivers(tree, RELEASE, exclude=["kernel/sound/**", "kernel/drivers/net/wireless/**"])
    assert not (directory / "sound").exists()
    assert not (directory / "drivers/net/wireless").exists()
    assert (directory / "drivers/net/ice.ko").exists()


def test_everything_may_go(tree: Path) -> None:
    prune_drivers(tree, RELEASE, exclude=["kernel/**"])
    assert left(tree) == set()
    assert list((tree / "usr/lib/modules" / RELEASE / "kernel").iterdir()) == []


def test_globs_may_be_given_once_only(tree: Path) -> None:
    prune_drivers(tree, RELEASE, exclude=iter(["kernel/sound/**", "!kernel/sound/soundcore.ko"]))
    assert "kernel/sound/soundcore.ko" in left(tree)
    assert "kernel/sound/snd.ko" not in left(tree)
