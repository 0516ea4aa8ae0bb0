import json
from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.pipeline.kept import RECORDED
from modpkg.pipeline.plan import Step, is_released, latest_name, plan_builds
from modpkg.pipeline.workshop import Workshop
from modpkg.squashfs.pack import FAST_LEVEL
from tests.support.checkout import Checkout, fix_tools, package, pretend_built

EVERY = ["core", "kernel", "slurm"]
SLURM = "modules/slurm/recipe.yaml"
SUMMARY = "summary: The module slurm"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    fix_tools(monkeypatch)
    return Checkout.made(tmp_path)


def plan(workshop: Workshop, *names: str) -> dict[str, Step]:
    return {step.module: step for step in plan_builds(workshop, names or ["slurm"])}


def build(checkout: Checkout, **options: bool) -> None:
    """Leave all builds in the store."""
    workshop = checkout.workshop(**options)
    for step in plan_builds(workshop, EVERY):
        pretend_built(workshop, step)


def bind(checkout: Checkout, name: str, digest: str) -> None:
    """Bind a module's newest entry to these inputs."""
    path = checkout.path(f"modules/{name}/changelog.yaml")
    head, _, rest = path.read_text().partition("changes: [First release]\n")
    path.write_text(f"{head}changes: [First release]\n    inputs: {{bookworm: sha256:{digest}}}\n{rest}")


def test_a_plan_has_the_module_and_all_below_the_lower_first(checkout: Checkout) -> None:
    workshop = checkout.workshop()
    assert list(plan(workshop, "slurm")) == EVERY
    assert list(plan(workshop, "kernel")) == ["core", "kernel"]
    assert list(plan(workshop, "core", "slurm", "core")) == EVERY


def test_a_plan_of_nothing_is_empty(checkout: Checkout) -> None:
    assert plan_builds(checkout.workshop(), []) == []


def test_planning_writes_nothing(checkout: Checkout) -> None:
    plan(checkout.workshop())
    assert not checkout.store.root.exists()
    assert not (checkout.root / "build").exists()


def test_what_was_never_built_says_so(checkout: Checkout) -> None:
    for step in plan(checkout.workshop()).values():
        assert (step.done, step.reason) == (False, "it was never built here")


def test_what_is_built_says_so(checkout: Checkout) -> None:
    build(checkout)
    for step in plan(checkout.workshop()).values():
        assert (step.done, step.reason) == (True, "nothing changed since it was built")


def test_plans_are_equal_each_time(checkout: Checkout) -> None:
    assert plan(checkout.workshop()) == plan(checkout.workshop())


def test_a_step_has_version_level_and_inputs(checkout: Checkout) -> None:
    step = plan(checkout.workshop())["slurm"]
    assert (step.version, step.level) == ("22.5.8-2", 19)
    assert "package munge" in step.inputs.parts


REASONS = [
    (SLURM, SUMMARY, "summary: x", "the recipe changed"),
    ("modules/slurm/files/slurm.conf", "\n", "\n#\n", "the recipe's files changed"),
    ("platforms/bookworm.yaml", "munge: 301", "munge: 401", "the platform changed"),
    ("modules/slurm/changelog.yaml", "munge starts", "munged starts", "the changelog changed"),
]


@pytest.mark.parametrize(("path", "old", "new", "reason"), REASONS)
def test_a_change_is_the_reason_in_words(
    checkout: Checkout, path: str, old: str, new: str, reason: str
) -> None:
    checkout.path("modules/slurm/files/slurm.conf").write_text("a=1\n")
    lock = checkout.lock()
    build(checkout)
    checkout.change(path, old, new)
    steps = plan(checkout.workshop(lock=lock))
    assert [step.done for step in steps.values()] == [True, True, False]
    assert steps["slurm"].reason == reason


def test_a_package_of_the_lock_is_named(checkout: Checkout) -> None:
    build(checkout)
    lock = checkout.lock(slurm=(package("munge", "2"), package("slurmd")))
    assert plan(checkout.workshop(lock=lock))["slurm"].reason == "package munge changed"


def test_of_several_changes_the_first_is_named_and_the_others_counted(checkout: Checkout) -> None:
    build(checkout)
    lock = checkout.lock(slurm=(package("munge", "2"), package("slurmd", "2")))
    checkout.change(SLURM, SUMMARY, "summary: x")
    assert plan(checkout.workshop(lock=lock))["slurm"].reason == "package munge and 2 more changed"


def test_modules_above_follow_and_say_which_one_below(checkout: Checkout) -> None:
    build(checkout)
    before = plan(checkout.workshop())
    checkout.change("modules/kernel/recipe.yaml", "summary: The module kernel", "summary: x")
    steps = plan(checkout.workshop())
    assert [step.reason for step in steps.values()] == [
        "nothing changed since it was built",
        "the recipe changed",
        "module kernel changed",
    ]
    assert [before[name].key == steps[name].key for name in EVERY] == [True, False, False]


def test_a_changelog_of_a_lower_module_changes_the_keys_above(checkout: Checkout) -> None:
    before = plan(checkout.workshop())
    checkout.change("modules/core/changelog.yaml", "First release", "The first release")
    after = plan(checkout.workshop())
    assert [before[name].key == after[name].key for name in EVERY] == [False, False, False]


def test_a_build_that_is_reverted_is_still_there(checkout: Checkout) -> None:
    build(checkout)
    checkout.change(SLURM, SUMMARY, "summary: x")
    assert not plan(checkout.workshop())["slurm"].done
    checkout.change(SLURM, "summary: x", SUMMARY)
    assert plan(checkout.workshop())["slurm"].done


def test_modules_that_have_nothing_to_do_with_it_stay(checkout: Checkout) -> None:
    checkout.add("alpha")
    workshop = checkout.workshop()
    for step in plan_builds(workshop, [*EVERY, "alpha"]):
        pretend_built(workshop, step)
    checkout.change("modules/alpha/recipe.yaml", "summary: The module kernel", "summary: x")
    steps = plan(checkout.workshop(), "alpha", "slurm")
    assert {name for name, step in steps.items() if not step.done} == {"alpha"}


def test_without_its_release_a_build_is_marked(checkout: Checkout) -> None:
    assert {step.marks for step in plan(checkout.workshop()).values()} == {("unreleased",)}


def test_an_entry_for_just_these_inputs_takes_the_mark_away(checkout: Checkout) -> None:
    core = plan(checkout.workshop(), "core")["core"]
    bind(checkout, "core", core.inputs.digest)
    workshop = checkout.workshop()
    released = plan(workshop, "core")["core"]
    assert released.marks == ()
    assert is_released(workshop, "core", core.inputs)
    # The mark is in module.json: what was built with it is not what is released.
    assert released.key != core.key


def test_another_change_brings_the_mark_back(checkout: Checkout) -> None:
    bind(checkout, "core", plan(checkout.workshop(), "core")["core"].inputs.digest)
    checkout.change("modules/core/recipe.yaml", "summary: The module core", "summary: x")
    assert plan(checkout.workshop(), "core")["core"].marks == ("unreleased",)


def test_a_release_for_another_platform_counts_there_only(checkout: Checkout) -> None:
    digest = plan(checkout.workshop(), "core")["core"].inputs.digest
    bind(checkout, "core", digest)
    checkout.change("modules/core/changelog.yaml", "{bookworm:", "{trixie:")
    assert plan(checkout.workshop(), "core")["core"].marks == ("unreleased",)


def test_the_inputs_that_are_bound_do_not_change_the_bits(checkout: Checkout) -> None:
    bind(checkout, "core", "0" * 64)
    one = plan(checkout.workshop(), "core")["core"]
    checkout.change("modules/core/changelog.yaml", "0" * 64, "1" * 64)
    assert plan(checkout.workshop(), "core")["core"].key == one.key


def test_a_fast_build_is_marked_compresses_cheaply_and_is_another(checkout: Checkout) -> None:
    slow = plan(checkout.workshop())
    fast = plan(checkout.workshop(fast=True))
    assert {step.marks for step in fast.values()} == {("fast", "unreleased")}
    assert {step.level for step in fast.values()} == {FAST_LEVEL}
    assert {fast[name].key for name in EVERY} & {slow[name].key for name in EVERY} == set()
    assert [fast[name].inputs for name in EVERY] == [slow[name].inputs for name in EVERY]


def test_a_fast_build_is_none_of_release(checkout: Checkout) -> None:
    build(checkout, fast=True)
    steps = plan(checkout.workshop())
    assert [step.done for step in steps.values()] == [False] * 3
    assert steps["core"].reason == "its version, marks or compression changed, or the store lost it"


def test_another_level_is_another_build(checkout: Checkout) -> None:
    one = plan(checkout.workshop())
    checkout.change("platforms/bookworm.yaml", "level: 19", "level: 15")
    other = plan(checkout.workshop())
    assert {one[name].key for name in EVERY} & {other[name].key for name in EVERY} == set()
    assert other["core"].level == 15


@pytest.mark.parametrize("fields", [{"schema_version": 0}, {"colour": "blue"}])
def test_what_another_modpkg_built_is_built_again(checkout: Checkout, fields: dict[str, object]) -> None:
    workshop = checkout.workshop()
    (step,) = plan_builds(workshop, ["core"])
    made = pretend_built(workshop, step)
    with workshop.store.scratch() as scratch:
        path = scratch / "module.json"
        path.write_text(json.dumps(made.model_dump(mode="json") | fields))
        receipt = workshop.store.add(path)
    record = workshop.store.lookup(step.key)
    workshop.store.record(step.key, {**(record or {}), "module": receipt.sha256})
    (again,) = plan_builds(workshop, ["core"])
    assert (again.done, again.reason) == (
        False,
        "what the store has of it is not whole, or of another modpkg",
    )


@pytest.mark.parametrize("part", RECORDED)
def test_a_build_that_is_lost_in_part_is_done_again(checkout: Checkout, part: str) -> None:
    build(checkout)
    workshop = checkout.workshop()
    record = workshop.store.lookup(plan(workshop)["kernel"].key)
    assert record is not None
    workshop.store.path(record[part]).unlink()
    assert [step.done for step in plan(workshop).values()] == [True, False, True]


def test_a_record_that_cannot_be_read_is_none(checkout: Checkout) -> None:
    build(checkout)
    workshop = checkout.workshop()
    step = plan(workshop)["core"]
    for path in (workshop.store.root / "builds").iterdir():
        path.write_text("{")
    assert plan(workshop)["core"] != step
    assert plan(workshop)["core"].reason == "it was never built here"


def test_the_newest_build_is_kept_apart_by_platform_and_module(checkout: Checkout) -> None:
    workshop = checkout.workshop()
    assert latest_name(workshop, "slurm") == "latest-bookworm-slurm"


@pytest.mark.parametrize(
    ("name", "hint"), [("slrum", "did you mean 'slurm'?"), ("xyzzy", "known: core, kernel, slurm")]
)
def test_a_module_that_is_not_there_is_refused_with_what_there_is(
    checkout: Checkout, name: str, hint: str
) -> None:
    with pytest.raises(BadInputError) as caught:
        plan_builds(checkout.workshop(), ["core", name])
    assert str(caught.value) == (
        f"{checkout.path('modules')}: no module {name!r} for platform bookworm\n  hint: {hint}"
    )
