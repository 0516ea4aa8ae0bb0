from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Event, StepFinished, StepStarted
from modpkg.host.files import remove_tree
from modpkg.model.version import ModuleVersion
from modpkg.pipeline import prune as prune_module
from modpkg.pipeline.index import delete_index
from modpkg.pipeline.journal import read_snapshots
from modpkg.pipeline.pins import read_pins
from modpkg.pipeline.prune import PrunePlan, plan_prune, prune
from modpkg.pipeline.refresh import refreshed
from modpkg.pipeline.retire import retirement
from modpkg.pipeline.rollback import rollback_to
from tests.support.repos import (
    NOW,
    Workshop,
    make_document,
    modules_of,
    package_of,
    pen_workshop,
    pin,
    tree_of,
)

if TYPE_CHECKING:
    from pathlib import Path

CORE = package_of("core")
DAY = 86_400
# Points at which a prune can be cut short here.
STEPS = 12
GRACE = 2 * DAY
DOCUMENT = make_document(None, keep_snapshots=2)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A channel whose first version was retired, and that state is two states ago."""
    made = pen_workshop(tmp_path)
    made.publish([*made.make(version="1.0.0-1"), *made.make(version="1.0.0-2")])
    made.change(retirement(CORE, ModuleVersion.parse("1.0.0-1"), pins={}), now=NOW + 1)
    made.publish(made.make(version="1.0.0-3"), now=NOW + 2)
    return made


def pruned(workshop: Workshop, *, now: int) -> PrunePlan:
    pins = read_pins([workshop.places.pins])
    return prune(workshop.places.root, DOCUMENT, pins=pins, now=now)


def debs_of(workshop: Workshop) -> list[str]:
    return sorted(path.name.split("_")[1] for path in workshop.places.www.glob("pool/*/*/*.deb"))


def test_nothing_is_deleted_before_the_time_of_grace(workshop: Workshop) -> None:
    www = tree_of(workshop.places.www)
    first = pruned(workshop, now=NOW + 10)
    # A snapshot, its two indices for apt, its directory for dnf, a .deb and an .rpm.
    assert (len(first.mark), first.delete) == (6, ())
    second = pruned(workshop, now=NOW + 10 + GRACE - 1)
    assert (second.mark, second.delete) == ((), ())
    assert tree_of(workshop.places.www) == www


def test_after_it_what_nothing_names_is_gone_and_all_else_is_there(workshop: Workshop) -> None:
    first = pruned(workshop, now=NOW + 10)
    before = tree_of(workshop.places.www)
    done = pruned(workshop, now=NOW + 10 + GRACE)
    assert sorted(done.delete) == sorted(first.mark)
    assert debs_of(workshop) == ["1.0.0-2", "1.0.0-3"]
    assert [each.date - NOW for each in read_snapshots(workshop.places)] == [1, 2]
    after = tree_of(workshop.places.www)
    assert after.items() <= before.items()
    changelog = f"changelogs/main/m/{CORE}/{CORE}_1.0.0-1_changelog"
    lost = {name for name in before.keys() - after.keys() if not name.startswith(("pool/", "rpm/snap-"))}
    assert {name for name in lost if "by-hash" not in name} == {changelog}


def test_a_third_run_has_nothing_to_do(workshop: Workshop) -> None:
    for later in (10, 10 + GRACE):
        pruned(workshop, now=NOW + later)
    before = tree_of(workshop.places.root)
    again = pruned(workshop, now=NOW + 20 + GRACE)
    assert (again.mark, again.delete, again.spare) == ((), (), ())
    after = tree_of(workshop.places.root)
    assert {name for name in before if before[name] != after.get(name)} <= {"state/doomed.json"}


@pytest.mark.parametrize("forgetful", [False, True])
def test_what_a_lock_names_is_kept_with_its_rpm_for_ever(workshop: Workshop, *, forgetful: bool) -> None:
    (deb,) = workshop.places.www.glob(f"pool/*/*/{CORE}_1.0.0-1_amd64.deb")
    pin(workshop.places, "compute", [deb.parent.name])
    for later in (10, 10 + GRACE, 10 + 9 * GRACE):
        if forgetful:
            delete_index(workshop.places)
        done = pruned(workshop, now=NOW + later)
    assert done.pinned == 2
    assert debs_of(workshop) == ["1.0.0-1", "1.0.0-2", "1.0.0-3"]
    assert len(list(workshop.places.www.glob("pool/*/*/*.rpm"))) == 3
    assert len(read_snapshots(workshop.places)) == 2


def test_what_is_named_again_in_the_time_of_grace_stays(workshop: Workshop) -> None:
    oldest = read_snapshots(workshop.places)[0]
    pruned(workshop, now=NOW + 10)
    workshop.change(rollback_to(oldest.id), now=NOW + 20)
    done = pruned(workshop, now=NOW + 10 + GRACE)
    assert "1.0.0-1" in debs_of(workshop)
    assert len([path for path in done.spare if path.startswith("www/pool")]) == 2
    assert modules_of(workshop) == ["core 1.0.0-1", "core 1.0.0-2"]


def test_a_deleted_version_never_comes_back_with_other_bytes(workshop: Workshop) -> None:
    for later in (10, 10 + GRACE):
        pruned(workshop, now=NOW + later)
    for cache in ("kept", "lost"):
        if cache == "lost":
            delete_index(workshop.places)
        with pytest.raises(BadInputError, match="it was published with other content, and deleted later"):
            workshop.publish(workshop.make(version="1.0.0-1", content="other"), now=NOW + 30 + GRACE)
        with pytest.raises(BadInputError, match="not in the order of versions beside 1"):
            workshop.publish(workshop.make(version="0.9.0-4"), now=NOW + 30 + GRACE)
    workshop.publish(workshop.make(version="1.0.0-1"), now=NOW + 30 + GRACE)
    assert modules_of(workshop) == ["core 1.0.0-1", "core 1.0.0-2", "core 1.0.0-3"]


def test_daily_refreshes_do_not_push_states_out(workshop: Workshop) -> None:
    for day in range(1, 6):
        workshop.change(refreshed, now=NOW + day * DAY)
    for later in (6 * DAY, 6 * DAY + GRACE):
        pruned(workshop, now=NOW + later)
    kept = read_snapshots(workshop.places)
    assert len({snapshot.packages for snapshot in kept}) == 2
    assert [each.date - NOW for each in kept] == [1, 4 * DAY, 5 * DAY]
    assert debs_of(workshop) == ["1.0.0-2", "1.0.0-3"]


@pytest.mark.parametrize("lost", ["all", "newest", "folder"])
def test_where_the_journal_lost_a_state_nothing_is_marked(workshop: Workshop, lost: str) -> None:
    places = workshop.places
    newest = read_snapshots(places)[-1]
    if lost == "newest":
        (places.snapshots / f"{newest.id}.json").unlink()
    else:
        remove_tree(places.snapshots)
    if lost == "folder":
        places.snapshots.write_text("a file")
    before = tree_of(places.root)
    for attempt in (plan_prune, prune):
        with pytest.raises(ModpkgError, match="the journal does not hold the state that it is in"):
            attempt(places.root, DOCUMENT, pins=(), now=NOW + 9 * GRACE)
    assert tree_of(places.root) == before


def test_an_entry_of_the_journal_that_was_changed_is_refused(workshop: Workshop) -> None:
    newest = read_snapshots(workshop.places)[-1]
    path = workshop.places.snapshots / f"{newest.id}.json"
    text = path.read_text()
    path.write_text(text.replace(f'"{newest.packages[0]}",\n', ""))
    with pytest.raises(ModpkgError, match="not those of its id") as caught:
        pruned(workshop, now=NOW + 3)
    assert caught.value.where == str(path)
    path.write_text(text)
    (path.parent / f"{'f' * 64}.json").write_text(text)
    with pytest.raises(ModpkgError, match="it is that of snapshot"):
        pruned(workshop, now=NOW + 3)


def test_a_plan_writes_nothing_and_tells_the_same(workshop: Workshop) -> None:
    before = tree_of(workshop.places.root)
    planned = plan_prune(workshop.places.root, DOCUMENT, pins=(), now=NOW + 10)
    assert tree_of(workshop.places.root) == before
    assert pruned(workshop, now=NOW + 10) == planned


def test_it_says_what_it_does(workshop: Workshop) -> None:
    events: list[Event] = []
    prune(workshop.places.root, DOCUMENT, pins=(), now=NOW + 10, sink=events.append)
    assert [type(event) for event in events] == [StepStarted, StepFinished]
    assert getattr(events[0], "reason", "") == "0 to delete, 6 newly marked, 0 named again"


def test_what_a_killed_publisher_left_in_the_pool_is_deleted_too(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("modpkg.pipeline.switch.commit", die)
        with pytest.raises(KeyboardInterrupt):
            workshop.publish(workshop.make(version="1.0.0-4"), now=NOW + 3)
    assert "1.0.0-4" in debs_of(workshop)
    for later in (10, 10 + GRACE):
        pruned(workshop, now=NOW + later)
    assert "1.0.0-4" not in debs_of(workshop)


@pytest.mark.parametrize("step", range(STEPS + 1))
def test_a_prune_that_is_cut_short_is_finished_by_the_next(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    class KilledError(BaseException):
        pass

    calls = 0

    def killing(name: str) -> object:
        work = getattr(prune_module, name)

        def replaced(*words: object, **more: object) -> object:
            nonlocal calls
            calls += 1
            if calls > step:
                raise KilledError
            return work(*words, **more)

        return replaced

    pruned(workshop, now=NOW + 10)
    with monkeypatch.context() as patch:
        for name in ("write_atomically", "remember", "sync_directories", "_delete_one", "remove_tree"):
            patch.setattr(prune_module, name, killing(name))
        try:
            pruned(workshop, now=NOW + 10 + GRACE)
        except KilledError:
            assert step < STEPS
        else:
            assert step == STEPS
    workshop.publish(workshop.make(version="1.0.0-5"), now=NOW + 11 + GRACE)
    pruned(workshop, now=NOW + 20 + GRACE)
    assert debs_of(workshop) == ["1.0.0-2", "1.0.0-3", "1.0.0-5"]
    assert modules_of(workshop) == ["core 1.0.0-2", "core 1.0.0-3", "core 1.0.0-5"]
    with pytest.raises(BadInputError, match="other content"):
        workshop.publish(workshop.make(version="1.0.0-1", content="other"), now=NOW + 30 + GRACE)
