import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.model.lock import PlatformLock
from modpkg.pipeline.inputs import Inputs, all_inputs, version_of
from tests.support.checkout import PLATFORM, TOOLS, Checkout, package

SLURM = "modules/slurm/recipe.yaml"
KERNEL = "modules/kernel/recipe.yaml"
CORE = "modules/core/recipe.yaml"
BOOKWORM = "platforms/bookworm.yaml"
EVERY = {"core", "kernel", "slurm"}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.made(tmp_path)


def inputs(
    checkout: Checkout, *, lock: PlatformLock | None = None, tools: dict[str, str] | None = None
) -> dict[str, Inputs]:
    catalogue = checkout.catalogue()
    platform = catalogue.platforms[PLATFORM]
    return all_inputs(catalogue, platform, lock or checkout.lock(), tools=TOOLS if tools is None else tools)


def changed(before: dict[str, Inputs], after: dict[str, Inputs]) -> dict[str, set[str]]:
    """Give for each module the names of the parts that differ."""
    parts = {
        name: {part for part, _ in before[name].parts.items() ^ after[name].parts.items()} for name in before
    }
    differing = {name: found for name, found in parts.items() if found}
    assert set(differing) == {name for name in before if before[name].digest != after[name].digest}
    return differing


def test_every_module_comes_after_those_it_stands_on(checkout: Checkout) -> None:
    checkout.add("alpha", depends="[slurm]")
    assert list(inputs(checkout)) == ["core", "kernel", "slurm", "alpha"]


def test_parts_are_called_what_a_user_would_call_them(checkout: Checkout) -> None:
    assert set(inputs(checkout)["slurm"].parts) == {
        *("the recipe", "the recipe's files", "the changelog", "the platform", "the tools"),
        *("package munge", "package slurmd", "module core", "module kernel"),
    }


def test_they_are_the_same_each_time(checkout: Checkout, tmp_path: Path) -> None:
    moved = Checkout(shutil.copytree(checkout.root, tmp_path / "moved"))
    assert inputs(checkout) == inputs(checkout) == inputs(moved)


# What is edited, which module sees it as its own, and as which part.
EDITS = [
    (SLURM, "summary: The module slurm", "summary: Another", "slurm", "the recipe"),
    (SLURM, '"0640"', '"0600"', "slurm", "the recipe"),
    (SLURM, "munge.service", "other.service", "slurm", "the recipe"),
    (SLURM, '"slurmd -V"', '"slurmd -C"', "slurm", "the recipe"),
    (SLURM, '["/usr/share/doc/**"]', '["/usr/share/man/**"]', "slurm", "the recipe"),
    (SLURM, "accounts: [munge]", "accounts: [munge, _chrony]", "slurm", "the platform"),
    (SLURM, 'version: "22.5.8"', 'version: "22.5.9"', "slurm", "the recipe"),
    (SLURM, "homepage: https://www.example.org/slurm", "homepage: https://b.example/", "slurm", "the recipe"),
    (KERNEL, "kernel/sound", "kernel/drivers", "kernel", "the recipe"),
    (CORE, "What nodes need", "What all nodes need", "core", "the recipe"),
    ("modules/slurm/files/slurm.conf", "", "# more\n", "slurm", "the recipe's files"),
    ("modules/slurm/files/setup.sh", "", "# more\n", "slurm", "the recipe's files"),
]
ABOVE = {"core": {"kernel", "slurm"}, "kernel": {"slurm"}, "slurm": set()}


@pytest.mark.parametrize(("path", "old", "new", "module", "part"), EDITS)
def test_an_edit_changes_its_module_and_those_above(
    checkout: Checkout, path: str, old: str, new: str, module: str, part: str
) -> None:
    lock, before = checkout.lock(), inputs(checkout)
    if old:
        checkout.change(path, old, new)
    else:
        checkout.append(path, new)
    found = changed(before, inputs(checkout, lock=lock))
    assert set(found) == {module} | ABOVE[module]
    assert part in found[module]
    assert found[module] <= {part, "the recipe"}
    assert all(f"module {module}" in found[above] for above in ABOVE[module])


def test_comments_and_layout_of_a_recipe_change_nothing(checkout: Checkout) -> None:
    before = inputs(checkout)
    for path in (SLURM, KERNEL, CORE, BOOKWORM):
        checkout.append(path, "\n# a comment\n")
    checkout.change(SLURM, 'exclude: ["/usr/share/doc/**"]', "exclude:\n  - /usr/share/doc/**")
    assert changed(before, inputs(checkout)) == {}


def test_the_order_of_keys_changes_nothing(checkout: Checkout) -> None:
    before = inputs(checkout)
    path = checkout.path(KERNEL)
    head, rest = path.read_text().split("summary:", 1)
    path.write_text(f"summary:{rest}{head}")
    assert changed(before, inputs(checkout)) == {}


def test_the_platforms_a_recipe_is_for_change_nothing(checkout: Checkout) -> None:
    shutil.copy(checkout.path(BOOKWORM), checkout.path("platforms/trixie.yaml"))
    checkout.change("platforms/trixie.yaml", "name: bookworm", "name: trixie")
    before = inputs(checkout)
    checkout.change(CORE, "platforms: [bookworm]", "platforms: [bookworm, trixie]")
    assert changed(before, inputs(checkout)) == {}


def test_packages_of_another_platform_change_nothing(checkout: Checkout) -> None:
    before = inputs(checkout)
    checkout.change(KERNEL, "packages: {bookworm: [linux-image-amd64]}", "packages: [linux-image-amd64]")
    assert changed(before, inputs(checkout)) == {}


def files(checkout: Checkout, kind: str = "tree") -> Path:
    """Give slurm a tree of files; gives its folder."""
    folder = checkout.path("modules/slurm/tree")
    (folder / "sub").mkdir(parents=True)
    (folder / "sub/one").write_text("1")
    (folder / "two").write_text("2")
    checkout.change(SLURM, "contents:\n", f"contents:\n  - {{src: tree, dst: /opt/tree, type: {kind}}}\n")
    return folder


def add_file(folder: Path) -> None:
    (folder / "three").write_text("3")


def add_directory(folder: Path) -> None:
    (folder / "empty").mkdir()


def remove_file(folder: Path) -> None:
    (folder / "two").unlink()


def rename_file(folder: Path) -> None:
    (folder / "two").rename(folder / "zwei")


def swap_files(folder: Path) -> None:
    (folder / "two").write_text("1")
    (folder / "sub/one").write_text("2")


def make_link(folder: Path) -> None:
    (folder / "two").unlink()
    (folder / "two").symlink_to("sub/one")


@pytest.mark.parametrize("change", [add_file, add_directory, remove_file, rename_file, swap_files, make_link])
def test_every_change_of_a_tree_is_one(checkout: Checkout, change: Callable[[Path], None]) -> None:
    folder = files(checkout)
    before = inputs(checkout)
    change(folder)
    assert changed(before, inputs(checkout)) == {"slurm": {"the recipe's files"}}


def test_where_a_link_leads_counts(checkout: Checkout) -> None:
    folder = files(checkout)
    make_link(folder)
    before = inputs(checkout)
    (folder / "two").unlink()
    (folder / "two").symlink_to("sub")
    assert changed(before, inputs(checkout)) == {"slurm": {"the recipe's files"}}


def test_times_modes_and_files_that_no_recipe_names_change_nothing(checkout: Checkout) -> None:
    folder = files(checkout)
    before = inputs(checkout)
    (folder / "two").chmod(0o777)
    os.utime(folder / "sub/one", (1, 1))
    checkout.path("modules/slurm/README").write_text("notes")
    checkout.path("modules/slurm/files/draft.conf").write_text("draft")
    assert changed(before, inputs(checkout)) == {}


def test_the_order_in_which_files_came_changes_nothing(tmp_path: Path) -> None:
    found = []
    for number, names in enumerate((["a", "b", "c"], ["c", "b", "a"])):
        checkout = Checkout.made(tmp_path / str(number))
        folder = files(checkout)
        for name in names:
            (folder / name).write_text(name)
        found.append(inputs(checkout))
    assert found[0] == found[1]


LOCK_CHANGES = [
    {"version": "2.0-1"},
    {"sha256": "f" * 64},
    {"size": 101},
    {"source_version": "9"},
    {"path": "pool/other.deb"},
]


@pytest.mark.parametrize("fields", LOCK_CHANGES)
def test_a_package_of_the_lock_changes_its_module_alone_by_name(
    checkout: Checkout, fields: dict[str, str]
) -> None:
    before = inputs(checkout)
    lock = checkout.lock(slurm=(package("munge", **fields), package("slurmd")))
    assert changed(before, inputs(checkout, lock=lock)) == {"slurm": {"package munge"}}


def test_a_package_of_a_lower_module_changes_all_above(checkout: Checkout) -> None:
    before = inputs(checkout)
    lock = checkout.lock(core=(package("systemd", "2"), package("udev")))
    assert changed(before, inputs(checkout, lock=lock)) == {
        "core": {"package systemd"},
        "kernel": {"module core"},
        "slurm": {"module core", "module kernel"},
    }


def test_a_package_more_or_less_is_named(checkout: Checkout) -> None:
    before = inputs(checkout)
    lock = checkout.lock(slurm=(package("slurmd"), package("libmunge2")))
    assert changed(before, inputs(checkout, lock=lock)) == {"slurm": {"package munge", "package libmunge2"}}


def test_the_order_of_packages_in_the_lock_changes_nothing(checkout: Checkout) -> None:
    before = inputs(checkout)
    lock = checkout.lock(slurm=(package("slurmd"), package("munge")))
    backwards = lock.model_copy(update={"modules": dict(reversed(lock.modules.items()))})
    assert changed(before, inputs(checkout, lock=backwards)) == {}


def test_what_a_lock_was_made_from_changes_nothing(checkout: Checkout) -> None:
    before = inputs(checkout)
    lock = checkout.lock().model_copy(update={"inputs": "f" * 64})
    assert changed(before, inputs(checkout, lock=lock)) == {}


def test_an_account_that_a_module_makes_changes_it(checkout: Checkout) -> None:
    before = inputs(checkout)
    checkout.change(BOOKWORM, "munge: 301", "munge: 401")
    assert changed(before, inputs(checkout)) == {"slurm": {"the platform"}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("_chrony: 302", "_chrony: 303"),
        ("_chrony: 302", "_chrony: 302\n    ceph: 400"),
        ("    _chrony: 302\n", ""),
    ],
)
def test_an_account_of_others_changes_nothing(checkout: Checkout, old: str, new: str) -> None:
    before = inputs(checkout)
    checkout.change(BOOKWORM, old, new)
    assert changed(before, inputs(checkout)) == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("level: 19", "level: 15"),
        ("accounts:\n", "exclude: [/usr/share/man/**]\naccounts:\n"),
        ("accounts:\n", "include: [/usr/share/man/**]\naccounts:\n"),
        ("[bookworm, bookworm-updates]", "[oldstable]"),
    ],
)
def test_what_a_platform_decides_for_all_changes_all(checkout: Checkout, old: str, new: str) -> None:
    before = inputs(checkout)
    checkout.change(BOOKWORM, old, new)
    found = changed(before, inputs(checkout))
    assert set(found) == EVERY
    assert all("the platform" in parts for parts in found.values())
    assert found["core"] == {"the platform"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("summary: Debian 12", "summary: Debian bookworm"),
        ("debian-archive-keyring.gpg", "other.gpg"),
        ("mirror: debian", "mirror: ours"),
        ("[bookworm, bookworm-updates]", "[bookworm, bookworm-security]"),
        ("components: [main]", "components: [main, contrib]"),
        ("squashfs:", "snapshots: snapshot\nsquashfs:"),
    ],
)
def test_where_packages_come_from_changes_nothing_as_the_lock_says_what_they_are(
    checkout: Checkout, old: str, new: str
) -> None:
    before = inputs(checkout)
    checkout.change(BOOKWORM, old, new)
    assert changed(before, inputs(checkout)) == {}


@pytest.mark.parametrize("tools", [{**TOOLS, "zstd": "1.5.6"}, {**TOOLS, "mksquashfs": "4.6"}, {}])
def test_another_version_of_a_tool_changes_all(checkout: Checkout, tools: dict[str, str]) -> None:
    found = changed(inputs(checkout), inputs(checkout, tools=tools))
    assert found["core"] == {"the tools"}
    assert set(found) == EVERY


def test_the_order_of_tools_changes_nothing(checkout: Checkout) -> None:
    backwards = dict(reversed(TOOLS.items()))
    assert changed(inputs(checkout), inputs(checkout, tools=backwards)) == {}


def test_a_new_release_of_a_lower_module_changes_its_changelog_and_those_above(checkout: Checkout) -> None:
    before = inputs(checkout)
    entry = '  - version: "6.1.0-2"\n    date: "2024-07-01T12:00:00Z"\n'
    entry += '    author: "A <a@example.org>"\n    changes: [Again]\n'
    checkout.change("modules/kernel/changelog.yaml", "entries:\n", f"entries:\n{entry}")
    found = {"kernel": {"the changelog"}, "slurm": {"module kernel"}}
    assert changed(before, inputs(checkout)) == found


def test_the_words_of_a_changelog_are_bound_as_packages_show_them(checkout: Checkout) -> None:
    before = inputs(checkout)
    checkout.change("modules/kernel/changelog.yaml", "First release", "The first release")
    found = {"kernel": {"the changelog"}, "slurm": {"module kernel"}}
    assert changed(before, inputs(checkout)) == found


def test_a_new_dependency_is_a_part(checkout: Checkout) -> None:
    checkout.add("alpha")
    before = inputs(checkout)
    checkout.change(SLURM, "depends: [kernel]", "depends: [kernel, alpha]")
    assert changed(before, inputs(checkout)) == {"slurm": {"the recipe", "module alpha"}}


def test_a_module_that_nobody_stands_on_changes_nobody(checkout: Checkout) -> None:
    before = inputs(checkout)
    checkout.add("alpha")
    after = inputs(checkout)
    assert {name: after[name] for name in before} == before


def test_a_version_is_the_recipes_with_the_number_of_entries(checkout: Checkout) -> None:
    assert version_of(checkout.catalogue().recipes["slurm"]) == "22.5.8-2"
    checkout.change(SLURM, 'version: "22.5.8"', 'version: "23.2.0"')
    assert version_of(checkout.catalogue().recipes["slurm"]) == "23.2.0-2"


def test_the_digest_is_of_all_parts_and_of_nothing_else() -> None:
    assert Inputs({"a": "1", "b": "2"}).digest == Inputs({"b": "2", "a": "1"}).digest
    digests = {
        Inputs(parts).digest for parts in ({"a": "1"}, {"a": "2"}, {"b": "1"}, {}, {"a": "1", "b": "1"})
    }
    assert len(digests) == 5


@pytest.mark.parametrize("path", ["modules/slurm/recipe.yaml", "modules/slurm/changelog.yaml", BOOKWORM])
def test_a_pipe_in_the_place_of_a_document_is_not_waited_for(checkout: Checkout, path: str) -> None:
    checkout.path(path).unlink()
    os.mkfifo(checkout.path(path))
    with pytest.raises(BadInputError, match="no regular file"):
        checkout.catalogue()


def test_a_pipe_that_came_after_the_check_is_not_waited_for(checkout: Checkout) -> None:
    catalogue, lock = checkout.catalogue(), checkout.lock()
    (script,) = catalogue.recipes["slurm"].recipe.scripts
    checkout.path(f"modules/slurm/{script}").unlink()
    os.mkfifo(checkout.path(f"modules/slurm/{script}"))
    with pytest.raises(BadInputError, match="no regular file"):
        all_inputs(catalogue, catalogue.platforms[PLATFORM], lock, tools=TOOLS)
