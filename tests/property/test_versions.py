"""The order of versions, against dpkg and rpm as judges, over thousands of random module sets."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import rpm_version
from debian.debian_support import NativeVersion
from hypothesis import given
from hypothesis import strategies as st

from modpkg.host.run import run
from modpkg.model.version import ImageVersion, ModuleVersion, Pin, image_version

if TYPE_CHECKING:
    from collections.abc import Callable

Set = dict[str, ModuleVersion]

NUMBERS = st.one_of(st.integers(0, 12), st.integers(0, 999_999_999))
REVISIONS = st.one_of(st.integers(1, 12), st.integers(1, 99_999))
VERSIONS = st.builds(ModuleVersion, NUMBERS, NUMBERS, NUMBERS, REVISIONS)
NAMES = st.sampled_from(["kernel", "slurm", "slurm-23", "cuda-12", "nfs", "storage", "python"])
SETS = st.builds(
    lambda core, others: {**others, "core": core}, VERSIONS, st.dictionaries(NAMES, VERSIONS, max_size=6)
)


def dpkg_order(first: ImageVersion | ModuleVersion, second: ImageVersion | ModuleVersion) -> int:
    one, two = NativeVersion(str(first)), NativeVersion(str(second))
    return (one > two) - (one < two)


def rpm_order(first: ImageVersion | ModuleVersion, second: ImageVersion | ModuleVersion) -> int:
    return rpm_version.evr_compare(str(first), str(second))


JUDGES = pytest.mark.parametrize("order", [dpkg_order, rpm_order])


@st.composite
def upgrades(draw: st.DrawFn) -> tuple[Set, Set]:
    """Draw a set and one in which modules were raised or added; R rises with every release."""
    old = draw(SETS)
    raised = draw(st.lists(st.sampled_from(sorted(old)), unique=True))
    added = draw(st.dictionaries(NAMES.filter(lambda name: name not in old), VERSIONS, max_size=2))
    new = {**old, **added, **{name: draw(higher(old[name])) for name in raised}}
    if new == old:
        new["core"] = draw(higher(old["core"]))
    return old, new


@st.composite
def higher(draw: st.DrawFn, version: ModuleVersion) -> ModuleVersion:
    """Draw a later release of one module."""
    numbers = draw(
        st.tuples(NUMBERS, NUMBERS, NUMBERS).filter(lambda n: n >= version.numbers) | st.just(version.numbers)
    )
    return ModuleVersion(*numbers, version.revision + draw(st.integers(1, 20)))


def sign(first: ModuleVersion, second: ModuleVersion) -> int:
    return (first > second) - (first < second)


@JUDGES
@given(first=VERSIONS, second=VERSIONS)
def test_module_versions_are_ordered_as_the_judges_say(
    order: Callable[[ModuleVersion, ModuleVersion], int], first: ModuleVersion, second: ModuleVersion
) -> None:
    assert sign(first, second) == order(first, second)


@JUDGES
@given(pair=upgrades())
def test_an_upgrade_of_any_module_raises_the_image(
    order: Callable[[ImageVersion, ImageVersion], int], pair: tuple[Set, Set]
) -> None:
    old, new = (image_version("bookworm", "amd64", modules) for modules in pair)
    assert order(new, old) == 1


@JUDGES
@given(first=SETS, second=SETS)
def test_versions_are_equal_only_for_equal_sets(
    order: Callable[[ImageVersion, ImageVersion], int], first: Set, second: Set
) -> None:
    one, two = (image_version("bookworm", "amd64", modules) for modules in (first, second))
    assert (order(one, two) == 0) == (first == second)


@JUDGES
@given(first=SETS, second=SETS, epoch=st.integers(0, 99))
def test_a_higher_epoch_wins(
    order: Callable[[ImageVersion, ImageVersion], int], first: Set, second: Set, epoch: int
) -> None:
    low = image_version("bookworm", "amd64", first, epoch=epoch)
    high = image_version("bookworm", "amd64", second, epoch=epoch + 1)
    assert order(high, low) == 1


@given(modules=SETS, epoch=st.integers(0, 99))
def test_image_versions_come_back_from_their_text(modules: Set, epoch: int) -> None:
    version = image_version("bookworm", "amd64", modules, epoch=epoch)
    assert ImageVersion.parse(str(version)) == version
    assert ":" not in version.file_form


@given(VERSIONS)
def test_module_versions_come_back_from_their_text(version: ModuleVersion) -> None:
    assert ModuleVersion.parse(str(version)) == version


@given(VERSIONS, VERSIONS)
def test_pins_admit_what_begins_with_their_numbers(pinned: ModuleVersion, version: ModuleVersion) -> None:
    assert Pin.parse(str(pinned)).admits(version) == (pinned == version)
    for count in (1, 2, 3):
        begin = pinned.numbers[:count]
        pin = Pin.parse("~" + ".".join(map(str, begin)))
        assert pin.admits(pinned)
        assert pin.admits(version) == (version.numbers[:count] == begin)


def random_upgrades(count: int) -> list[tuple[ImageVersion, ImageVersion]]:
    """Make upgrades without hypothesis: the programs are asked about all of them in one go."""
    dice = random.Random(4)  # noqa: S311 - not for secrets
    pairs = []
    for _ in range(count):
        names = ["core", *dice.sample(["kernel", "slurm", "nfs", "python", "cuda-12"], dice.randint(0, 5))]
        old = {
            name: ModuleVersion(*(dice.randint(0, 20) for _ in "xyz"), dice.randint(1, 60)) for name in names
        }
        new = dict(old)
        for name in dice.sample(names, dice.randint(1, min(3, len(names)))):
            x, y, z = max(old[name].numbers, tuple(dice.randint(0, 20) for _ in "xyz"))
            new[name] = ModuleVersion(x, y, z, old[name].revision + dice.randint(1, 9))
        pairs.append((image_version("p", "amd64", old), image_version("p", "amd64", new)))
    return pairs


@JUDGES
def test_thousands_of_upgrades_are_higher(order: Callable[[ImageVersion, ImageVersion], int]) -> None:
    assert [(old, new) for old, new in random_upgrades(4000) if order(new, old) != 1] == []


@pytest.mark.programs
def test_dpkg_itself_sees_upgrades_as_higher() -> None:
    # One shell for all: a process for each pair would take most of the time.
    script = 'while read -r new old; do dpkg --compare-versions "$new" gt "$old" || echo "$new $old"; done'
    text = "".join(f"{new} {old}\n" for old, new in random_upgrades(300))
    assert run(["sh", "-c", script], text=text).stdout == ""


@pytest.mark.programs
def test_rpm_itself_sees_upgrades_as_higher() -> None:
    pairs = random_upgrades(300)
    compare = "print(2 * rpm.vercmp('{}', '{}') + rpm.vercmp('{}', '{}'))"
    calls = (compare.format(new.upstream, old.upstream, new.release, old.release) for old, new in pairs)
    output = "".join(
        run(["rpm", "--eval", "%{lua:" + " ".join(f"{call} print(' ')" for call in batch) + "}"]).stdout
        for batch in batches(list(calls), 50)
    )
    orders = [int(word) for word in output.split()]
    assert len(orders) == len(pairs)
    assert min(orders) > 0


@pytest.mark.programs
def test_the_judges_agree_with_the_programs_they_stand_for() -> None:
    versions = sorted({version for pair in random_upgrades(60) for version in pair}, key=str)
    for first, second in pairwise(versions):
        word = {1: "gt", 0: "eq", -1: "lt"}[dpkg_order(first, second)]
        run(["dpkg", "--compare-versions", str(first), word, str(second)])


def batches(items: list[str], size: int) -> list[list[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
