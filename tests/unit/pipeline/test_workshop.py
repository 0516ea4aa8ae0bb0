from pathlib import Path

import pytest

from modpkg.errors import BadInputError, DocumentError
from modpkg.pipeline.platform_lock import lock_path
from modpkg.pipeline.workshop import Workshop, open_workshop
from tests.support.checkout import PLATFORM, Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.made(tmp_path)


def opened(checkout: Checkout, platform: str = PLATFORM, *, fast: bool = False) -> Workshop:
    site = checkout.workshop(lock=checkout.lock()).site
    return open_workshop(checkout.recipes, platform=platform, site=site, work=checkout.root / "w", fast=fast)


def test_documents_lock_and_site_come_together(checkout: Checkout) -> None:
    lock = checkout.write_lock()
    workshop = opened(checkout)
    assert workshop.lock == lock
    assert list(workshop.catalogue.recipes) == ["core", "kernel", "slurm"]
    assert workshop.platform == workshop.catalogue.platforms[PLATFORM]
    assert workshop.store == workshop.site.store
    assert workshop.packages == checkout.root / "w/packages/bookworm"
    assert not workshop.fast


def test_fast_is_what_was_asked_for(checkout: Checkout) -> None:
    checkout.write_lock()
    assert opened(checkout, fast=True).fast


def test_opening_makes_nothing(checkout: Checkout) -> None:
    checkout.write_lock()
    before = sorted(checkout.root.rglob("*"))
    opened(checkout)
    assert sorted(checkout.root.rglob("*")) == before


def test_a_platform_that_is_not_there(checkout: Checkout) -> None:
    checkout.write_lock()
    with pytest.raises(BadInputError) as caught:
        opened(checkout, "bookwurm")
    assert str(caught.value) == (
        f"{checkout.path('platforms')}: cannot find the platform 'bookwurm'\n  hint: there are bookworm"
    )


def test_a_missing_lock_says_what_makes_it(checkout: Checkout) -> None:
    with pytest.raises(BadInputError, match="invoke lock-platform bookworm makes it"):
        opened(checkout)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("modules/slurm/recipe.yaml", "[slurmd, munge]", "[slurmd, munge, pmix]"),
        ("modules/slurm/recipe.yaml", "depends: [kernel]", "depends: []"),
        ("platforms/bookworm.yaml", "components: [main]", "components: [main, contrib]"),
        ("platforms/bookworm.yaml", "mirror: debian", "mirror: ours"),
    ],
)
def test_what_was_asked_for_since_makes_a_lock_stale(
    checkout: Checkout, path: str, old: str, new: str
) -> None:
    checkout.write_lock()
    checkout.change(path, old, new)
    with pytest.raises(BadInputError, match="it is stale") as caught:
        opened(checkout)
    assert caught.value.where == str(lock_path(checkout.recipes, PLATFORM))


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("modules/slurm/recipe.yaml", "[slurmd, munge]", "[munge, slurmd]"),
        ("modules/slurm/recipe.yaml", "summary: The module slurm", "summary: x"),
        ("platforms/bookworm.yaml", "munge: 301", "munge: 401"),
        ("platforms/bookworm.yaml", "level: 19", "level: 3"),
    ],
)
def test_what_asks_for_the_same_packages_does_not(checkout: Checkout, path: str, old: str, new: str) -> None:
    lock = checkout.write_lock()
    checkout.change(path, old, new)
    assert opened(checkout).lock == lock


def test_a_lock_that_is_no_whole_json_says_what_renews_it(checkout: Checkout) -> None:
    checkout.write_lock()
    path = lock_path(checkout.recipes, PLATFORM)
    path.write_text(path.read_text()[:100])
    with pytest.raises(BadInputError, match="invoke lock-platform bookworm"):
        opened(checkout)


def test_faults_of_documents_come_first(checkout: Checkout) -> None:
    checkout.change("modules/slurm/recipe.yaml", "summary:", "sumary:")
    checkout.change("modules/core/recipe.yaml", "summary:", "sumary:")
    with pytest.raises(DocumentError) as caught:
        opened(checkout)
    assert {Path(problem.file).parent.name for problem in caught.value.problems} == {"core", "slurm"}
