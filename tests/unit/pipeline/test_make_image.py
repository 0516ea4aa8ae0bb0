from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.events import Event, StepSkipped, ignore
from modpkg.pipeline.demo import DemoOrder, run_demo
from modpkg.pipeline.image_lock import lock_of
from modpkg.pipeline.make_image import make_image, plan_named_image
from modpkg.pipeline.workplace import Workplace
from tests.support.checkout import Checkout, fix_tools
from tests.support.directories import FILES
from tests.support.fake_worker import FakeWorker, stock
from tests.support.pens import pen_signer, trust_pens


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    fix_tools(monkeypatch)
    trust_pens(monkeypatch)
    monkeypatch.setattr("modpkg.pipeline.signing.find_signer", lambda *_, **__: pen_signer())
    return FakeWorker.installed(monkeypatch)


@pytest.fixture
def checkout(tmp_path: Path, worker: FakeWorker) -> Checkout:
    """Give a checkout whose image is published and locked, its directory not built."""
    del worker
    checkout = Checkout.made(tmp_path)
    checkout.change("images/compute.yaml", '"6.1.0-1"', '"~6"')
    checkout.change("images/compute.yaml", '"22.5.8-2"', '"~22"')
    stock(checkout.store, checkout.write_lock())
    place = Workplace(checkout.root / "build")
    order = DemoOrder(
        recipes=checkout.recipes,
        repository=checkout.root / "repo/repository.yaml",
        workplace=place,
        site=checkout.workshop().site,
        now=1_750_000_000,
        boot=False,
    )
    made = run_demo(order, sink=ignore)
    made.directory.rename(checkout.root / "elsewhere")
    lock = lock_of(place.demo_recipes / "images/compute.yaml")
    lock_of(checkout.path("images/compute.yaml")).write_bytes(lock.read_bytes())
    return checkout


def make(checkout: Checkout, *, events: list[Event] | None = None) -> Path:
    directory, about = make_image(
        checkout.catalogue(),
        "compute",
        workplace=Workplace(checkout.root / "build"),
        store=checkout.store,
        sink=ignore if events is None else events.append,
    )
    assert directory.name == f"compute_{about.image.version}_amd64"
    return directory


def test_the_image_of_a_lock_is_built(checkout: Checkout) -> None:
    directory = make(checkout)
    assert directory.parent == checkout.root / "build/images"
    names = {path.name for path in directory.iterdir()}
    assert names == FILES


def test_a_second_time_it_is_found(checkout: Checkout, worker: FakeWorker) -> None:
    directory = make(checkout)
    count = len(worker.assembled)
    events: list[Event] = []
    assert make(checkout, events=events) == directory
    assert {type(event) for event in events} == {StepSkipped}
    assert len(worker.assembled) == count


def test_equal_modules_make_equal_files(checkout: Checkout) -> None:
    directory = make(checkout)
    other = checkout.root / "elsewhere"
    for path in directory.iterdir():
        assert path.read_bytes() == (other / path.name).read_bytes(), path.name


def test_a_plan_builds_nothing(checkout: Checkout, worker: FakeWorker) -> None:
    count = len(worker.assembled)
    place = Workplace(checkout.root / "build")
    plan = plan_named_image(
        checkout.catalogue(), "compute", workplace=place, store=checkout.store, sink=ignore
    )
    assert plan.reason == f"there is no {plan.directory.name}"
    assert len(worker.assembled) == count
    assert not plan.directory.exists()


def test_the_kernel_arguments_of_the_manifest_make_a_lock_stale(checkout: Checkout) -> None:
    checkout.change("images/compute.yaml", "kernel-arguments: [quiet", "kernel-arguments: [loud")
    with pytest.raises(BadInputError) as caught:
        make(checkout)
    assert "its manifest changed since it was locked\n  hint: run: invoke lock compute" in str(caught.value)


def test_without_a_lock_it_says_what_makes_one(checkout: Checkout) -> None:
    lock_of(checkout.path("images/compute.yaml")).unlink()
    with pytest.raises(BadInputError, match="it has no lock"):
        make(checkout)


def test_the_store_and_the_lock_are_enough(checkout: Checkout) -> None:
    (checkout.root / "build/repository").rename(checkout.root / "gone")
    assert make(checkout).is_dir()


def test_a_package_that_repository_and_store_have_lost_is_named(checkout: Checkout) -> None:
    (checkout.root / "build/repository").rename(checkout.root / "gone")
    for path in (checkout.store.root / "blobs").rglob("*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(BadInputError, match=r"cannot find core 12\.0\.3-1 in the repository"):
        make(checkout)
