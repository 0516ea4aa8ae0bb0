from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.model.version import ModuleVersion
from modpkg.pipeline.pins import read_pins
from modpkg.pipeline.promote import promotion
from modpkg.pipeline.retire import channels_of, retirement
from tests.support.repos import NOW, Workshop, modules_of, package_of, pen_workshop, pin

if TYPE_CHECKING:
    from pathlib import Path

CORE = package_of("core")
FIRST = ModuleVersion.parse("1.0.0-1")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = pen_workshop(tmp_path)
    made.publish([*made.make(version="1.0.0-1"), *made.make(version="1.0.0-2")])
    return made


def digest_of(workshop: Workshop, file_name: str) -> str:
    (path,) = workshop.places.www.glob(f"pool/*/*/{file_name}")
    return path.parent.name


def test_both_packages_of_a_version_leave_the_channel_and_stay_in_the_pool(workshop: Workshop) -> None:
    done = workshop.change(retirement(CORE, FIRST, pins={}), now=NOW + 1)
    assert modules_of(workshop) == ["core 1.0.0-2"]
    assert len(done.snapshot.packages) == 2
    assert done.plan.removed == (f"{CORE} 1.0.0-1 amd64",)
    assert digest_of(workshop, f"{CORE}_1.0.0-1_amd64.deb")


def test_a_version_that_a_lock_names_stays(workshop: Workshop) -> None:
    pin(workshop.places, "compute", [digest_of(workshop, f"{CORE}_1.0.0-1_amd64.deb")])
    planner = retirement(CORE, FIRST, pins=read_pins([workshop.places.pins]))
    with pytest.raises(BadInputError, match="the lock of image compute names it"):
        workshop.change(planner, now=NOW + 1)
    assert "core 1.0.0-1" in modules_of(workshop)


def test_a_version_that_others_were_built_on_stays(workshop: Workshop) -> None:
    names = ("a", "b", "c", "d")
    upper = [path for name in names for path in workshop.make(name, depends={"core": "1.0.0-1"})]
    workshop.publish(upper, now=NOW + 1)
    with pytest.raises(BadInputError, match=r"module-c-bookworm 1\.0\.0-1 amd64 and 1 more needs it"):
        workshop.change(retirement(CORE, FIRST, pins={}), now=NOW + 2)


def test_all_channels_that_list_it_are_found(workshop: Workshop) -> None:
    workshop.change(promotion("testing"), channel="stable", now=NOW + 1)
    workshop.change(retirement(CORE, FIRST, pins={}), now=NOW + 2)
    found = channels_of(workshop.places, workshop.document, name=CORE, version=FIRST)
    assert found == ("stable",)
    with pytest.raises(BadInputError, match="no channel lists it"):
        channels_of(workshop.places, workshop.document, name=CORE, version=ModuleVersion.parse("9.0.0-9"))


def test_a_channel_without_it_needs_no_work(workshop: Workshop) -> None:
    workshop.change(retirement(CORE, FIRST, pins={}), now=NOW + 1)
    done = workshop.change(retirement(CORE, FIRST, pins={}), now=NOW + 2)
    assert (done.plan.is_needed, done.snapshot.date) == (False, NOW + 1)
