from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from modpkg.model.version import ModuleVersion
from modpkg.pipeline.keep_inputs import Input, Inputs, keep_inputs, kept_path, named_inputs, unkept
from modpkg.pipeline.prune import plan_prune, prune
from modpkg.pipeline.publish import publish
from modpkg.pipeline.retire import retirement
from tests.support.repos import NOW, Workshop, make_document, package_of, pen_workshop, pin, tree_of

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400
DOCUMENT = make_document(None, keep_snapshots=2, grace_days=2)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return pen_workshop(tmp_path)


def make_input(directory: Path, name: str) -> Input:
    """Give a distribution package as a store has it: under its digest, for reading only."""
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    path = directory / "blobs" / sha256
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_text(name)
        path.chmod(0o444)
    return Input(sha256=sha256, file_name=f"{name}_1.0-1_amd64.deb", path=path)


def publish_with(workshop: Workshop, version: str, *names: str, now: int = NOW) -> Inputs:
    packages = workshop.make(version=version)
    inputs = {packages[0].name: tuple(make_input(workshop.directory.parent, name) for name in names)}
    publish(packages, target=workshop.target(), signer=workshop.signer, now=now, inputs=inputs)
    return inputs


def kept(workshop: Workshop) -> list[str]:
    return sorted(path.name.partition("_")[0] for path in workshop.places.inputs.glob("*/*"))


def lists(workshop: Workshop) -> list[str]:
    return sorted(path.name.split("_")[1] for path in workshop.places.input_lists.iterdir())


def test_inputs_lie_under_their_digest_and_their_list_is_one_of_sha256sum(workshop: Workshop) -> None:
    inputs = publish_with(workshop, "1.0.0-1", "libc6", "bash")
    ((name, (libc, bash)),) = inputs.items()
    assert kept_path(workshop.places.inputs, libc).read_text() == "libc6"
    text = (workshop.places.input_lists / name).read_text()
    assert sorted(text.splitlines()) == sorted(f"{each.sha256}  {each.file_name}" for each in (libc, bash))
    # It is the store's file, with the store's mode: nobody may write to either.
    assert kept_path(workshop.places.inputs, libc).stat().st_mode & 0o777 == 0o444
    assert libc.path.stat().st_nlink == 2


def test_what_is_kept_is_not_taken_again(workshop: Workshop) -> None:
    inputs = publish_with(workshop, "1.0.0-1", "libc6")
    before = tree_of(workshop.places.root)
    assert keep_inputs(workshop.places, inputs) == 0
    assert unkept(workshop.places, inputs) == {}
    assert tree_of(workshop.places.root) == before


def test_what_two_modules_need_is_kept_once(workshop: Workshop) -> None:
    publish_with(workshop, "1.0.0-1", "libc6", "bash")
    inputs = publish_with(workshop, "1.0.0-2", "libc6", "dash", now=NOW + 1)
    assert kept(workshop) == ["bash", "dash", "libc6"]
    (again,) = inputs.values()
    kept_path(workshop.places.inputs, again[0]).unlink()
    assert keep_inputs(workshop.places, inputs) == 1


def test_inputs_of_what_is_published_already_are_kept_without_a_new_snapshot(workshop: Workshop) -> None:
    packages = workshop.make()
    first = workshop.publish(packages)
    again = publish_with(workshop, "1.0.0-1", "libc6", now=NOW + 1)
    assert again
    assert kept(workshop) == ["libc6"]
    assert workshop.publish(packages, now=NOW + 2).snapshot == first.snapshot


def test_nothing_is_named_where_nothing_is_kept(workshop: Workshop) -> None:
    workshop.publish(workshop.make())
    assert list(named_inputs(workshop.places, {"x_1_amd64.deb"})) == []


@pytest.fixture
def retired(workshop: Workshop) -> Workshop:
    """A channel whose first version is out of all kept snapshots."""
    publish_with(workshop, "1.0.0-1", "libc6", "bash")
    publish_with(workshop, "1.0.0-2", "libc6", "dash", now=NOW + 1)
    number = ModuleVersion.parse("1.0.0-1")
    workshop.change(retirement(package_of("core"), number, pins={}), now=NOW + 2)
    publish_with(workshop, "1.0.0-3", "libc6", now=NOW + 3)
    return replace(workshop, document=DOCUMENT)


def pruned(workshop: Workshop, *pins: str, days: int) -> None:
    prune(workshop.places.root, DOCUMENT, pins=pins, now=NOW + 10 + days * DAY)


def test_inputs_go_with_the_last_module_that_they_are_for_after_the_time_of_grace(retired: Workshop) -> None:
    pruned(retired, days=0)
    assert kept(retired) == ["bash", "dash", "libc6"]
    pruned(retired, days=2)
    assert kept(retired) == ["dash", "libc6"]
    assert lists(retired) == ["1.0.0-2", "1.0.0-3"]
    before = tree_of(retired.places.www)
    pruned(retired, days=9)
    assert tree_of(retired.places.www) == before
    assert lists(retired) == ["1.0.0-2", "1.0.0-3"]


def test_inputs_of_what_the_lock_of_an_image_names_stay(retired: Workshop) -> None:
    (deb,) = retired.places.www.glob("pool/*/*/*_1.0.0-1_amd64.deb")
    pin(retired.places, "compute", [deb.parent.name])
    for days in (0, 2, 9):
        pruned(retired, deb.parent.name, days=days)
    assert kept(retired) == ["bash", "dash", "libc6"]


def test_a_list_of_what_was_never_published_is_pruned(workshop: Workshop) -> None:
    # A publisher that was killed after it kept inputs leaves one.
    workshop.publish(workshop.make())
    keep_inputs(workshop.places, {"core_9.0.0-9_amd64.deb": (make_input(workshop.directory, "bash"),)})
    plan = plan_prune(workshop.places.root, DOCUMENT, pins=(), now=NOW + 10)
    assert {path.split("/")[1] for path in plan.mark} == {"inputs"}
    assert len(plan.mark) == 2
