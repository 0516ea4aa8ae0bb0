from pathlib import Path

import pytest

from modpkg.errors import BadInputError, DocumentError
from modpkg.formats.documents import load_changelog
from modpkg.host.files import digest_file
from modpkg.model.lock import PlatformLock
from modpkg.pipeline.inputs import all_inputs
from modpkg.pipeline.release_module import Released, Wording, release_all, release_modules, unreleased
from tests.support.checkout import PLATFORM, TOOLS, Checkout, fix_tools, package

WORDING = Wording(message="Take munge: 0.5.15", author="Ann <ann@example.org>", now=1_750_000_000)
DATE = "2025-06-15T15:06:40Z"
SUMMARY = "summary: The module slurm"
EVERY = ("core", "kernel", "slurm")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    fix_tools(monkeypatch)
    return Checkout.made(tmp_path)


def changelog(checkout: Checkout, name: str) -> Path:
    return checkout.path(f"modules/{name}/changelog.yaml")


def release(
    checkout: Checkout, *names: str, lock: PlatformLock | None = None, **options: bool
) -> list[Released]:
    return release_modules(
        checkout.catalogue(), names, lock=lock or checkout.lock(), wording=WORDING, **options
    )


def everything(checkout: Checkout, *, days: int = 0, **options: bool) -> list[Released]:
    wording = Wording(message=WORDING.message, author=None, now=WORDING.now + days * 86_400)
    return release_all(checkout.catalogue(), lock=checkout.lock(), wording=wording, **options)


def versions(released: list[Released]) -> list[tuple[str, str, str]]:
    return [(one.module, one.old, one.new) for one in released]


def bound(checkout: Checkout, name: str) -> str | None:
    return load_changelog(changelog(checkout, name)).newest.inputs.get(PLATFORM)


def inputs(checkout: Checkout, name: str) -> str:
    catalogue = checkout.catalogue()
    found = all_inputs(catalogue, catalogue.platforms[PLATFORM], checkout.lock(), tools=TOOLS)
    return f"sha256:{found[name].digest}"


def digests(checkout: Checkout) -> dict[str, str]:
    return {name: digest_file(changelog(checkout, name)) for name in EVERY}


def test_a_moment_is_written_as_changelogs_do() -> None:
    assert WORDING.date == DATE


def test_what_no_entry_was_written_for_is_not_released(checkout: Checkout) -> None:
    assert unreleased(checkout.catalogue(), checkout.lock()) == EVERY


def test_a_draft_is_bound_where_it_stands(checkout: Checkout) -> None:
    before = changelog(checkout, "core").read_text()
    released = release(checkout, "core")
    assert versions(released) == [("core", "12.0.3-1", "12.0.3-1")]
    assert released[0].changelog == changelog(checkout, "core")
    after = changelog(checkout, "core").read_text()
    assert after == before + f"    inputs:\n      bookworm: {inputs(checkout, 'core')}\n"
    assert unreleased(checkout.catalogue(), checkout.lock()) == ("kernel", "slurm")


def test_a_released_entry_gets_a_new_one_on_top(checkout: Checkout) -> None:
    old = load_changelog(changelog(checkout, "slurm")).entries
    released = release(checkout, "slurm")
    assert versions(released) == [("slurm", "22.5.8-2", "22.5.8-3")]
    new, *others = load_changelog(changelog(checkout, "slurm")).entries
    assert tuple(others) == old
    assert (new.version, new.date, new.author) == ("22.5.8-3", DATE, "Ann <ann@example.org>")
    assert (new.urgency, new.changes) == ("low", ("Take munge: 0.5.15",))
    assert new.inputs == {PLATFORM: inputs(checkout, "slurm")}


def test_the_author_is_the_maintainer_if_nobody_else_is_named(checkout: Checkout) -> None:
    wording = Wording(message="x", author=None, now=WORDING.now, urgency="high")
    release_modules(checkout.catalogue(), ["slurm"], lock=checkout.lock(), wording=wording)
    newest = load_changelog(changelog(checkout, "slurm")).newest
    assert (newest.author, newest.urgency) == ("modpkg maintainers <modpkg@example.org>", "high")


def test_a_recipe_with_another_version_gets_a_new_entry_even_over_a_draft(checkout: Checkout) -> None:
    checkout.change("modules/core/recipe.yaml", 'version: "12.0.3"', 'version: "12.1.0"')
    assert versions(release(checkout, "core")) == [("core", "12.1.0-1", "12.1.0-2")]
    entries = load_changelog(changelog(checkout, "core")).entries
    assert [entry.version for entry in entries] == ["12.1.0-2", "12.0.3-1"]
    assert entries[1].inputs == {}


def test_a_draft_of_another_platform_is_bound_for_this_one_too(checkout: Checkout) -> None:
    checkout.change("modules/slurm/changelog.yaml", "      bookworm: sha256:", "      trixie: sha256:")
    assert versions(release(checkout, "slurm")) == [("slurm", "22.5.8-2", "22.5.8-2")]
    newest = load_changelog(changelog(checkout, "slurm")).newest
    assert newest.inputs == {"trixie": f"sha256:{'0' * 64}", PLATFORM: inputs(checkout, "slurm")}


def test_nothing_new_is_refused(checkout: Checkout) -> None:
    release(checkout, "core")
    before = digests(checkout)
    with pytest.raises(BadInputError) as caught:
        release(checkout, "kernel", "core")
    assert str(caught.value) == (
        f"{changelog(checkout, 'core')}: nothing to release: the inputs of core are those of its newest "
        "changelog entry"
    )
    assert digests(checkout) == before


def test_a_module_that_is_not_there_is_told_from_one_with_nothing_new(checkout: Checkout) -> None:
    with pytest.raises(
        BadInputError, match=r"no module 'slrum' for platform bookworm\n  hint: did you mean 'slurm'"
    ):
        release(checkout, "slrum")


def test_an_edit_after_the_release_makes_another(checkout: Checkout) -> None:
    everything(checkout)
    checkout.change("modules/slurm/recipe.yaml", SUMMARY, "summary: x")
    assert versions(everything(checkout, days=1)) == [("slurm", "22.5.8-3", "22.5.8-4")]


def test_a_package_of_the_lock_asks_for_a_release(checkout: Checkout) -> None:
    everything(checkout)
    lock = checkout.lock(kernel=(package("linux-image-amd64", "6.2"),))
    assert unreleased(checkout.catalogue(), lock) == ("kernel", "slurm")


def test_another_tool_asks_for_a_release_of_all(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    everything(checkout)
    assert unreleased(checkout.catalogue(), checkout.lock()) == ()
    monkeypatch.setattr("modpkg.pipeline.release_module.tool_versions", lambda: {**TOOLS, "zstd": "2"})
    assert unreleased(checkout.catalogue(), checkout.lock()) == EVERY


def test_several_are_released_lower_ones_first_whatever_the_order_of_words(checkout: Checkout) -> None:
    released = release(checkout, "slurm", "core", "kernel")
    assert [one.module for one in released] == ["core", "kernel", "slurm"]
    # Each saw the entries below it that were written just before.
    assert [bound(checkout, name) for name in EVERY] == [inputs(checkout, name) for name in EVERY]
    assert unreleased(checkout.catalogue(), checkout.lock()) == ()


def test_a_new_version_below_makes_those_above_unreleased(checkout: Checkout) -> None:
    everything(checkout)
    checkout.change("modules/kernel/recipe.yaml", "summary: The module kernel", "summary: x")
    release(checkout, "kernel")
    assert unreleased(checkout.catalogue(), checkout.lock()) == ("slurm",)


def test_all_are_released_in_order_until_nothing_is_left(checkout: Checkout) -> None:
    released = everything(checkout)
    assert versions(released) == [
        ("core", "12.0.3-1", "12.0.3-1"),
        ("kernel", "6.1.0-1", "6.1.0-1"),
        ("slurm", "22.5.8-2", "22.5.8-3"),
    ]
    assert everything(checkout) == []


def test_those_above_follow_each_once(checkout: Checkout) -> None:
    everything(checkout)
    checkout.change("modules/core/recipe.yaml", "summary: The module core", "summary: x")
    assert versions(everything(checkout, days=1)) == [
        ("core", "12.0.3-1", "12.0.3-2"),
        ("kernel", "6.1.0-1", "6.1.0-2"),
        ("slurm", "22.5.8-3", "22.5.8-4"),
    ]
    assert unreleased(checkout.catalogue(), checkout.lock()) == ()


def test_releasing_all_changes_only_what_is_not_released(checkout: Checkout) -> None:
    everything(checkout)
    before = digests(checkout)
    checkout.change("modules/slurm/recipe.yaml", SUMMARY, "summary: x")
    assert [one.module for one in everything(checkout, days=1)] == ["slurm"]
    after = digests(checkout)
    assert [name for name in EVERY if before[name] != after[name]] == ["slurm"]


def test_a_dry_run_writes_nothing_and_tells_the_versions(checkout: Checkout) -> None:
    before = digests(checkout)
    assert versions(release(checkout, "slurm", dry_run=True)) == [("slurm", "22.5.8-2", "22.5.8-3")]
    assert versions(release(checkout, "core", dry_run=True)) == [("core", "12.0.3-1", "12.0.3-1")]
    assert digests(checkout) == before


def test_a_dry_run_of_all_tells_what_the_run_would_do(checkout: Checkout) -> None:
    everything(checkout)
    checkout.change("modules/core/recipe.yaml", "summary: The module core", "summary: x")
    before = digests(checkout)
    told = versions(everything(checkout, dry_run=True))
    assert digests(checkout) == before
    assert told == versions(everything(checkout, days=1))
    assert [name for name, _, _ in told] == list(EVERY)


def test_a_dry_run_of_all_tells_of_modules_that_only_follow(checkout: Checkout) -> None:
    # Bound to inputs of another time: the inputs of those above are those of now until core is released.
    everything(checkout)
    path = "modules/core/changelog.yaml"
    checkout.change(path, inputs(checkout, "core"), f"sha256:{'0' * 64}")
    assert unreleased(checkout.catalogue(), checkout.lock()) == ("core",)
    told = versions(everything(checkout, dry_run=True))
    assert [name for name, _, _ in told] == list(EVERY)
    assert told == versions(everything(checkout, days=1))


def test_a_dry_run_of_all_drafts_tells_what_the_run_would_do(checkout: Checkout) -> None:
    assert versions(everything(checkout, dry_run=True)) == versions(everything(checkout))
    assert everything(checkout, dry_run=True) == []


def test_an_entry_older_than_the_newest_is_refused_and_nothing_is_written(checkout: Checkout) -> None:
    before = digests(checkout)
    wording = Wording(message="x", author=None, now=1)
    with pytest.raises(DocumentError):
        release_modules(checkout.catalogue(), ["slurm"], lock=checkout.lock(), wording=wording)
    assert digests(checkout) == before


@pytest.mark.parametrize("message", [" leading", "\n"])
def test_a_message_that_says_nothing_is_refused(checkout: Checkout, message: str) -> None:
    before = digests(checkout)
    wording = Wording(message=message, author=None, now=WORDING.now)
    with pytest.raises(
        BadInputError, match=r"cannot write the changelog entry: .* is no changes\n  hint: --message"
    ):
        release_modules(checkout.catalogue(), ["slurm"], lock=checkout.lock(), wording=wording)
    assert digests(checkout) == before


def test_an_empty_message_is_called_so(checkout: Checkout) -> None:
    before = digests(checkout)
    wording = Wording(message="", author=None, now=WORDING.now)
    with pytest.raises(BadInputError, match="cannot write the changelog entry: the message is empty"):
        release_modules(checkout.catalogue(), ["slurm"], lock=checkout.lock(), wording=wording)
    assert digests(checkout) == before


@pytest.mark.parametrize(("author", "urgency"), [("Ann", "low"), ("Ann <ann@example.org>", "huge")])
def test_an_author_or_an_urgency_that_is_none_is_refused(
    checkout: Checkout, author: str, urgency: str
) -> None:
    wording = Wording(message="x", author=author, now=WORDING.now, urgency=urgency)
    with pytest.raises(BadInputError, match="cannot write the changelog entry") as caught:
        release_modules(checkout.catalogue(), ["slurm"], lock=checkout.lock(), wording=wording)
    assert ("urgency" if urgency == "huge" else "author") in str(caught.value)
