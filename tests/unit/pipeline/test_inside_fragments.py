from collections.abc import Iterable
from pathlib import Path

import pytest

from modpkg.image.services import Inside
from modpkg.pipeline import inside_fragments as subject
from modpkg.pipeline.inside_fragments import look_inside
from modpkg.pipeline.known_modules import Known, Shelves
from modpkg.store.store import Store
from tests.support.stack import make_module

UNITS = "usr/lib/systemd/system"
FILE = "file 0644 0 0 10 " + "a" * 64
TEXTS = {
    f"{UNITS}/munge.service": "[Service]\nExecStart=/usr/sbin/munged\n",
    f"{UNITS}/munge.service.d/10-a.conf": "[Service]\nType=forking\n",
    "etc/systemd/system/munge.service.d/20-b.conf": "[Service]\nExecStart=\nExecStart=/usr/sbin/other\n",
    f"{UNITS}/munge.socket": "[Socket]\n",
    "var/lib/dpkg/info/munge.list": "/.\n/usr\n/usr/sbin/munged\n",
    "var/lib/dpkg/info/libmunge2:amd64.list": "/.\n/lib/libmunge.so.2\n",
    "var/lib/dpkg/info/munge.md5sums": "x\n",
    "usr/sbin/munged": "program",
}


class Fragments:
    """Stands for unsquashfs; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, image: Path, directory: Path, paths: Iterable[str]) -> None:
        del image
        self.asked.append(list(paths))
        for path in self.asked[-1]:
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(TEXTS[path])


@pytest.fixture
def fragments(monkeypatch: pytest.MonkeyPatch) -> Fragments:
    made = Fragments()
    monkeypatch.setattr(subject, "unpack_some", made)
    monkeypatch.setattr(Shelves, "fragment", lambda _, known: Path(known.module.name))
    return made


@pytest.fixture
def shelves(tmp_path: Path) -> Shelves:
    return Shelves(store=Store(tmp_path / "store"), www=tmp_path / "www", packages=tmp_path / "packages")


def look(shelves: Shelves, *extra: Known) -> Inside:
    module = make_module("munge", paths=dict.fromkeys(TEXTS, FILE))
    return look_inside([Known(module=module), *extra], shelves)


def test_units_are_read_with_their_drop_ins(shelves: Shelves, fragments: Fragments) -> None:
    found = look(shelves)
    assert list(found.services) == ["munge.service"]
    unit = found.services["munge.service"]
    assert (unit.type, unit.programs) == ("forking", ("usr/sbin/other",))
    assert "usr/sbin/munged" not in fragments.asked[0], "no more than is needed comes out"


def test_paths_have_the_packages_that_list_them(shelves: Shelves, fragments: Fragments) -> None:
    del fragments
    assert look(shelves).owners == {
        "usr": "munge",
        "usr/sbin/munged": "munge",
        "lib/libmunge.so.2": "libmunge2",
    }


def test_a_fragment_is_looked_into_once(shelves: Shelves, fragments: Fragments) -> None:
    first = look(shelves)
    assert look(shelves) == first
    assert len(fragments.asked) == 1


def test_a_drop_in_may_come_from_another_module(shelves: Shelves, fragments: Fragments) -> None:
    del fragments
    TEXTS["etc/systemd/system/munge.service.d/99-c.conf"] = "[Service]\nType=notify\n"
    try:
        other = make_module("site", paths={"etc/systemd/system/munge.service.d/99-c.conf": FILE})
        base = make_module("munge", paths={f"{UNITS}/munge.service": FILE})
        found = look_inside([Known(module=other), Known(module=base)], shelves)
    finally:
        del TEXTS["etc/systemd/system/munge.service.d/99-c.conf"]
    assert found.services["munge.service"].type == "notify"
    assert found.services["munge.service"].programs == ("usr/sbin/munged",)


def test_a_drop_in_without_a_unit_is_no_service(shelves: Shelves, fragments: Fragments) -> None:
    del fragments
    module = make_module("site", paths={f"{UNITS}/munge.service.d/10-a.conf": FILE})
    assert look_inside([Known(module=module)], shelves).services == {}


def test_a_fragment_with_nothing_of_interest_is_not_opened(shelves: Shelves, fragments: Fragments) -> None:
    module = make_module("kernel", paths={"usr/sbin/munged": FILE})
    assert look_inside([Known(module=module)], shelves) == Inside(services={}, owners={})
    assert fragments.asked == []
