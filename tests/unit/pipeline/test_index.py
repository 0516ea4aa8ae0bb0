from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.formats.frames import Facts, Frame
from modpkg.pipeline import index as index_module
from modpkg.pipeline.index import GENERATIONS, borrowed_index, delete_index, opened_index
from modpkg.pipeline.journal import read_heads
from tests.support.repos import NOW, Workshop, modules_of, package_of, pen_workshop, tree_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CORE = package_of("core")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = pen_workshop(tmp_path)
    made.publish([*made.make(), *made.make("slurm", "23.2.0-1")])
    return made


def digests_of(workshop: Workshop) -> list[str]:
    return workshop.places.manifest("testing").read_text().split()


def delete(path: Path) -> None:
    path.unlink()


def leave_the_log_alone(path: Path) -> None:
    path.with_name("index.db-wal").write_bytes(b"of another database" * 1000)
    path.unlink()


def fill_with_garbage(path: Path) -> None:
    path.write_bytes(b"garbage" * 1000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def another_format(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 999")
        database.execute("DROP TABLE frames")


DAMAGES = [delete, leave_the_log_alone, fill_with_garbage, empty, another_format]


@pytest.mark.parametrize("damage", DAMAGES)
def test_without_its_cache_a_repository_is_published_to_with_the_same_bytes(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    trees = []
    for name in ("with", "without"):
        workshop = pen_workshop(tmp_path / name)
        workshop.publish([*workshop.make(), *workshop.make("slurm", "23.2.0-1")])
        if name == "without":
            damage(workshop.places.index)
        workshop.publish(workshop.make(version="1.0.0-2"), now=NOW + 1)
        trees.append(tree_of(workshop.places.root))
    assert trees[0] == trees[1]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_was_published_is_known_without_the_cache(
    workshop: Workshop, damage: Callable[[Path], None]
) -> None:
    damage(workshop.places.index)
    with opened_index(workshop.places) as index:
        assert index.published(CORE) == ()
        index.absorb(read_heads(workshop.places))
        assert {package.file_name for package in index.published(CORE)} == {
            f"{CORE}_1.0.0-1_amd64.deb",
            f"{CORE}-1.0.0-1.x86_64.rpm",
        }


def test_deleting_it_while_it_is_open_does_no_harm(workshop: Workshop) -> None:
    with opened_index(workshop.places) as index:
        delete_index(workshop.places)
        assert len(index.listed(digests_of(workshop))) == 4
    workshop.publish(workshop.make(version="1.0.0-2"), now=NOW + 1)
    assert modules_of(workshop) == ["core 1.0.0-1", "core 1.0.0-2", "slurm 23.2.0-1"]


def test_packages_are_listed_in_the_order_of_indices(workshop: Workshop) -> None:
    workshop.publish(workshop.make(version="1.0.10-3"), now=NOW + 1)
    workshop.publish(workshop.make(version="1.0.9-2"), now=NOW + 2)
    with borrowed_index(workshop.places) as index:
        found = [package.label for package in index.listed(digests_of(workshop)) if package.is_deb]
    assert found == [
        f"{CORE} 1.0.0-1 amd64",
        f"{CORE} 1.0.9-2 amd64",
        f"{CORE} 1.0.10-3 amd64",
        f"{package_of('slurm')} 23.2.0-1 amd64",
    ]


def test_a_package_in_the_pool_that_no_snapshot_lists_is_not_published(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("modpkg.pipeline.switch.commit", die)
        with pytest.raises(KeyboardInterrupt):
            workshop.publish(workshop.make("nfs"), now=NOW + 1)
    with borrowed_index(workshop.places) as index:
        index.absorb(read_heads(workshop.places))
        assert index.published(package_of("nfs")) == ()
    # So other bytes of that version are welcome.
    workshop.publish(workshop.make("nfs", content="other"), now=NOW + 1)
    assert "nfs 1.0.0-1" in modules_of(workshop)


def test_a_copy_is_as_good_and_writes_nothing(workshop: Workshop) -> None:
    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in workshop.places.state.glob("index.db*")}

    before = files()
    with borrowed_index(workshop.places) as index:
        assert len(index.listed(digests_of(workshop))) == 4
        index.keep("key", Frame(raw=b"", packed=b""))
        index.finish()
    assert files() == before


def test_a_copy_of_a_broken_cache_is_empty_and_leaves_it(workshop: Workshop) -> None:
    fill_with_garbage(workshop.places.index)
    with borrowed_index(workshop.places) as index:
        assert len(index.listed(digests_of(workshop))) == 4
    assert workshop.places.index.read_bytes().startswith(b"garbage")


def test_frames_that_nobody_uses_are_dropped(workshop: Workshop) -> None:
    with opened_index(workshop.places) as index:
        index.keep("old", Frame(raw=b"r", packed=b"p"))
        index.frame("old")
        index.finish()
    for _ in range(GENERATIONS + 1):
        with opened_index(workshop.places) as index:
            index.frame("new")
            index.keep("new", Frame(raw=b"r", packed=b"p"))
            index.finish()
    with opened_index(workshop.places) as index:
        assert index.frame("old") is None
        assert index.frame("new") == Frame(raw=b"r", packed=b"p")


def test_a_package_that_the_pool_has_lost_is_named(workshop: Workshop) -> None:
    with borrowed_index(workshop.places) as index, pytest.raises(ModpkgError, match="0000 in the pool"):
        index.listed(["0" * 64])


def test_the_format_has_a_number() -> None:
    assert index_module.FORMAT > 0


def test_the_other_package_of_a_pair_is_found(workshop: Workshop) -> None:
    with borrowed_index(workshop.places) as index:
        packages = index.listed(digests_of(workshop))
        deb, rpm = packages[0], packages[1]
        assert deb.identity == rpm.identity
        assert index.partners([deb.sha256]) == index.partners([rpm.sha256]) == {deb.sha256, rpm.sha256}
        assert index.partners(["0" * 64]) == set()


def test_packages_can_be_forgotten_and_learned_from_the_pool(workshop: Workshop) -> None:
    digest = digests_of(workshop)[0]
    (workshop.places.www / "pool/00" / ("0" * 64)).mkdir(parents=True)
    with borrowed_index(workshop.places) as index:
        index.learn_pool()
        index.forget([digest])
        assert index.partners([digest]) == set()
        index.learn_pool()
        assert digest in index.partners([digest])


def test_a_cache_that_breaks_in_the_middle_is_removed_and_the_user_told(workshop: Workshop) -> None:
    with (
        pytest.raises(ModpkgError, match="cannot use the cache of the repository: malformed") as caught,
        opened_index(workshop.places),
    ):
        raise sqlite3.DatabaseError("malformed")
    assert "run the command again" in caught.value.hint
    assert not workshop.places.index.exists()


def test_a_full_disk_does_not_cost_the_cache(workshop: Workshop) -> None:
    with (
        pytest.raises(ModpkgError, match="database or disk is full"),
        opened_index(workshop.places),
    ):
        raise sqlite3.OperationalError("database or disk is full")
    assert workshop.places.index.exists()


def test_the_order_is_that_of_what_is_listed(workshop: Workshop) -> None:
    digests = digests_of(workshop)
    with borrowed_index(workshop.places) as index:
        known = index.listed(digests)
        debs, rpms = index.order(digests)
        assert debs == [(each.sha256, each.architecture) for each in known if each.is_deb]
        assert rpms == [each.sha256 for each in known if not each.is_deb]
        assert index.labels(digests) == tuple(each.label for each in index.listed(digests) if each.is_deb)
        assert index.labels(()) == ()


def test_the_order_of_what_the_cache_lost_is_read_from_the_pool(workshop: Workshop) -> None:
    digests = digests_of(workshop)
    with borrowed_index(workshop.places) as index:
        before = index.order(digests)
    delete_index(workshop.places)
    with borrowed_index(workshop.places) as index:
        assert index.order(digests) == before
        assert len(index.labels(digests)) == 2


def test_publications_that_make_no_index_let_no_frame_grow_old(workshop: Workshop) -> None:
    with opened_index(workshop.places) as index:
        index.keep("used", Frame(raw=b"r", packed=b"p"))
        index.frame("used")
        index.finish()
    for _ in range(GENERATIONS + 1):
        with opened_index(workshop.places) as index:
            index.facts("any")
            index.finish()
    with opened_index(workshop.places) as index:
        assert index.frame("used") is not None


def test_a_frame_that_is_used_each_time_stays(workshop: Workshop) -> None:
    with opened_index(workshop.places) as index:
        index.keep("used", Frame(raw=b"r", packed=b"p"))
        index.frame("used")
        index.finish()
    for _ in range(2 * GENERATIONS):
        with opened_index(workshop.places) as index:
            assert index.frame("used") is not None
            index.finish()


def test_facts_of_an_index_are_kept_and_dropped_with_age(workshop: Workshop) -> None:
    facts = Facts(size=1, sha256="a", packed_size=2, packed_sha256="b")
    with opened_index(workshop.places) as index:
        index.keep_facts("text", facts)
        assert index.facts("text") == facts
        index.frame("any")
        index.finish()
    for _ in range(GENERATIONS + 1):
        with opened_index(workshop.places) as index:
            index.frame("any")
            index.finish()
    with opened_index(workshop.places) as index:
        assert index.facts("text") is None


def test_a_cache_of_an_older_modpkg_is_taken_as_it_is(workshop: Workshop) -> None:
    with closing(sqlite3.connect(workshop.places.index)) as database:
        database.execute("DROP TABLE texts")
    with opened_index(workshop.places) as index:
        assert index.facts("x") is None
        assert len(index.published(CORE)) == 2
    workshop.publish(workshop.make(version="1.0.0-2"), now=NOW + 1)
    assert modules_of(workshop) == ["core 1.0.0-1", "core 1.0.0-2", "slurm 23.2.0-1"]


def test_a_copy_reads_pieces_where_they_are(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("read from the pool")

    monkeypatch.setattr(index_module, "pieces_of", refuse)
    with borrowed_index(workshop.places) as index:
        debs = [each.sha256 for each in index.listed(digests_of(workshop)) if each.is_deb]
        assert all(text.startswith(b"Package: ") for text in index.texts("stanza", debs))
