from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Event, Progress
from modpkg.model.hosting import cache_control, content_type, is_immutable, upload_rank
from modpkg.model.repository import Places
from modpkg.pipeline.upload import plan_upload, upload
from tests.support.repos import NOW, Workshop, pen_workshop

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Thing:
    """An object with its content."""

    content: bytes
    headers: Mapping[str, str]

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def tag(self) -> str:
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()


@dataclass
class Shelf:
    """An object store in memory that remembers what came when; it fails at a path when told to."""

    address: str = "s3://shelf"
    things: dict[str, Thing] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    fails_at: str = "nowhere"

    def objects(self) -> Mapping[str, Thing]:
        return self.things

    def put(self, path: str, source: Path, *, headers: Mapping[str, str]) -> None:
        if self.fails_at in path:
            raise ModpkgError(f"cannot upload {path}")
        self.order.append(path)
        self.things[path] = Thing(source.read_bytes(), headers)

    def create(self, path: str, source: Path, *, headers: Mapping[str, str]) -> bool:
        if path in self.things:
            return False
        self.put(path, source, headers=headers)
        return True


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = pen_workshop(tmp_path)
    made.publish(made.make())
    return made


def test_everything_goes_up_in_order_with_its_headers(workshop: Workshop) -> None:
    shelf, events = Shelf(), list[Event]()
    done = upload(workshop.places, shelf, sink=events.append)
    ranks = [upload_rank(path) for path in shelf.order]
    assert ranks == sorted(ranks)
    assert set(shelf.order[-2:]) == {"dists/testing/InRelease", "rpm/testing.mirrorlist"}
    assert set(done.sent) == set(shelf.order) == set(shelf.things)
    assert done.bytes == sum(thing.size for thing in shelf.things.values())
    for path, thing in shelf.things.items():
        assert thing.content == (workshop.places.www / path).read_bytes()
        assert thing.headers == {"Cache-Control": cache_control(path), "Content-Type": content_type(path)}
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert last.done == last.total == len(done.sent)


def test_neither_links_nor_the_state_go_up(workshop: Workshop) -> None:
    shelf = Shelf()
    upload(workshop.places, shelf)
    assert not [path for path in shelf.things if path.startswith(("rpm/testing/", "state"))]


def test_what_is_there_is_not_sent_again(workshop: Workshop) -> None:
    shelf = Shelf()
    first = upload(workshop.places, shelf)
    again = upload(workshop.places, shelf)
    assert (again.sent, again.kept, again.bytes) == ((), len(first.sent), 0)
    workshop.publish(workshop.make("slurm", "1.0.0-2"), now=NOW + 9)
    shelf.order.clear()
    upload(workshop.places, shelf)
    assert {path for path in shelf.order if path.startswith("pool/")} == {
        path for path in shelf.order if "slurm" in path and path.startswith("pool/")
    }
    assert {"dists/testing/InRelease", "rpm/testing.mirrorlist"} <= set(shelf.order)
    assert "key.asc" not in shelf.order


@pytest.mark.parametrize("place", ["pool/", "by-hash", "rpm/snap-", "Packages"])
def test_nothing_commits_when_something_failed(workshop: Workshop, place: str) -> None:
    shelf = Shelf(fails_at=place)
    with pytest.raises(ModpkgError, match="cannot upload"):
        upload(workshop.places, shelf)
    assert not [path for path in shelf.things if upload_rank(path) == 3]
    shelf.fails_at = "nowhere"
    upload(workshop.places, shelf)
    assert "dists/testing/InRelease" in shelf.things


def test_another_file_under_an_immutable_name_stops_the_upload(workshop: Workshop) -> None:
    shelf = Shelf()
    planned = plan_upload(workshop.places, shelf)
    assert shelf.things == {}
    package = next(path for path in planned.sent if path.startswith("pool/"))
    assert is_immutable(package)
    shelf.things[package] = Thing(b"evil", {})
    with pytest.raises(ModpkgError, match="there is another one of its name"):
        upload(workshop.places, shelf)
    assert "dists/testing/InRelease" not in shelf.things


def test_an_empty_repository_is_not_uploaded(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="nothing is published"):
        upload(Places(tmp_path), Shelf())
