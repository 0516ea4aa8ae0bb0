"""What is built and what is not: nothing twice, and after a change exactly what it touches."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.small_platform import MODULES
from tests.support.small_store import Shop

pytestmark = [pytest.mark.programs, pytest.mark.network]


def planned(shop: Shop) -> dict[str, str]:
    """Give the modules that are to be built, with the reasons."""
    completed = shop.modpkg("build-all", "--dry-run", "--output", "json")
    steps = json.loads(completed.stdout)["modules"]
    return {step["name"]: step["reason"] for step in steps if step["to_build"]}


def fragments(shop: Shop, *words: str) -> dict[str, str]:
    """Build offline and give the digest of each fragment."""
    completed = shop.modpkg(*words, "--offline", "--output", "json")
    assert completed.returncode == 0, completed.stderr
    return {one["name"]: one["fragment_sha256"] for one in json.loads(completed.stdout)["modules"]}


def test_a_second_run_does_nothing_and_says_why(shop: Shop) -> None:
    completed = shop.modpkg("build-all", "--offline", "--output", "json-lines")
    events: list[dict[str, Any]] = [json.loads(line) for line in completed.stdout.splitlines()]
    assert [event["event"] for event in events[:-1]] == ["StepSkipped"] * len(MODULES)
    assert {event["reason"] for event in events[:-1]} == {"nothing changed since it was built"}
    assert completed.returncode == 0


def test_a_changed_file_of_a_recipe_builds_that_module_alone(shop: Shop) -> None:
    before = fragments(shop, "build-all")
    shop.edit("modules/probe/program", "exec hello", "exec hello --traditional")
    assert planned(shop) == {"probe": "the recipe's files changed"}
    after = fragments(shop, "build-all")
    assert {name for name in MODULES if before[name] != after[name]} == {"probe"}
    assert planned(shop) == {}


@pytest.mark.parametrize(
    ("module", "rebuilt"), [("kernel", {"kernel"}), ("tools", {"tools", "probe"}), ("core", set(MODULES))]
)
def test_a_changed_recipe_rebuilds_exactly_it_and_those_above(
    shop: Shop, module: str, rebuilt: set[str]
) -> None:
    shop.edit(f"modules/{module}/recipe.yaml", "summary: ", "summary: Other ")
    plan = planned(shop)
    assert plan.keys() == rebuilt
    assert plan[module] == "the recipe changed"
    assert all(reason.startswith(f"module {module} ") for name, reason in plan.items() if name != module)


def test_what_was_built_before_need_not_be_built_again(shop: Shop) -> None:
    shop.edit("modules/core/recipe.yaml", "summary: ", "summary: Other ")
    shop.edit("modules/core/recipe.yaml", "summary: Other ", "summary: ")
    assert planned(shop) == {}


def test_a_new_account_of_the_platform_builds_nothing(shop: Shop) -> None:
    shop.edit("platforms/small.yaml", "    munge: 405\n", "    munge: 405\n    other: 499\n")
    assert planned(shop) == {}


def test_another_id_builds_who_makes_the_account(shop: Shop) -> None:
    shop.edit("platforms/small.yaml", "    munge: 405\n", "    munge: 406\n")
    assert planned(shop) == {"munge": "the platform changed", "probe": "module munge changed"}


def test_a_changed_package_builds_who_has_it(shop: Shop) -> None:
    lock = shop.workshop().lock
    hello = next(package for package in lock.modules["tools"] if package.name == "hello")
    others = tuple(package for package in lock.modules["tools"] if package != hello)
    shop.lock_anew({"tools": (*others, hello.model_copy(update={"version": "9.9-1"}))})
    assert planned(shop) == {"tools": "package hello changed", "probe": "module tools changed"}


def test_packages_that_were_removed_are_written_anew_without_a_build(shop: Shop) -> None:
    built = json.loads(shop.modpkg("build-module", "tools", "--offline", "--output", "json").stdout)[
        "modules"
    ]
    packages = [path for one in built for path in (one["deb"], one["rpm"])]
    before = {path: Path(path).read_bytes() for path in packages}
    (shop.work / "packages" / "small" / packages[0].rsplit("/", 1)[-1]).unlink()
    assert fragments(shop, "build-module", "tools").keys() == {"core", "tools"}
    assert {path: Path(path).read_bytes() for path in packages} == before


def test_a_fragment_that_is_lost_is_built_again(shop: Shop) -> None:
    before = fragments(shop, "build-all")
    shop.store.path(before["probe"]).unlink()
    assert planned(shop).keys() == {"probe"}
    assert fragments(shop, "build-all") == before
