from __future__ import annotations

from pathlib import Path

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.formats.node_documents import load_nodes
from modpkg.node.head import HeadPlaces
from modpkg.pipeline.head import KEPT, HeadPlan, current_generation, history, plan_head, roll_back, write_head
from tests.support.nodes import copy_recipes, programs, write_image


class Head:
    """A head in a directory of its own, with documents that can be changed."""

    def __init__(self, directory: Path) -> None:
        self.recipes = copy_recipes(directory)
        self.root = directory / "head"
        self.places = HeadPlaces(self.root)
        self.image = directory / "images" / "first"
        self.about = write_image(self.image)
        self.ipxe = programs(directory / "ipxe")

    def plan(self) -> HeadPlan:
        nodes = load_nodes(self.recipes)
        return plan_head(nodes, {"compute": (self.image, self.about)}, root=self.root, ipxe=self.ipxe)

    def write(self) -> str:
        plan = self.plan()
        write_head(plan, self.root)
        return plan.generation

    def change(self, argument: str) -> None:
        path = self.recipes / "nodes/compute.yaml"
        path.write_text(path.read_text().replace("[quiet]", f"[{argument}]"))

    def script(self) -> str:
        return (self.places.current / "boot/52:54:00:00:00:01.ipxe").read_text()


@pytest.fixture
def head(tmp_path: Path) -> Head:
    return Head(tmp_path)


def test_what_is_planned_is_written_and_in_use(head: Head) -> None:
    plan = head.plan()
    assert len(plan.changed) == len(plan.files)
    write_head(plan, head.root)
    assert {path: (head.places.current / path).read_text() for path in plan.files} == dict(plan.files)
    assert (head.places.current / "tftp/snponly.efi").read_bytes() == b"snponly.efi"
    assert current_generation(head.places) == plan.generation


def test_the_image_lies_below_a_name_of_its_content(head: Head) -> None:
    head.write()
    (folder,) = head.places.images.iterdir()
    assert sorted(path.name for path in folder.iterdir()) == [
        "image.json",
        "initrd",
        "root.squashfs",
        "vmlinuz",
    ]
    assert f"/images/{folder.name}/vmlinuz" in head.script()


def test_nothing_is_done_twice(head: Head) -> None:
    head.write()
    plan = head.plan()
    assert (plan.reason, plan.changed) == ("", ())
    before = head.places.current.lstat().st_mtime_ns
    write_head(plan, head.root)
    assert head.places.current.lstat().st_mtime_ns == before


def test_a_change_is_a_new_generation_and_tells_its_files(head: Head) -> None:
    first = head.write()
    head.change("debug")
    plan = head.plan()
    assert plan.generation != first
    assert {path.partition("/")[0] for path in plan.changed} == {"boot", "node"}
    assert len(plan.changed) == 6  # three cards of the two nodes of the group


def test_an_image_built_again_leaves_what_booting_nodes_read(head: Head, tmp_path: Path) -> None:
    head.write()
    (old,) = head.places.images.iterdir()
    head.image = tmp_path / "images" / "second"
    head.about = write_image(head.image, content="other")
    head.write()
    assert len(list(head.places.images.iterdir())) == 2
    assert (old / "root.squashfs").read_text() == "root"
    assert old.name not in head.script()


def test_a_rollback_puts_the_former_state_in_use_and_back(head: Head) -> None:
    first = head.write()
    script = head.script()
    head.change("debug")
    second = head.write()
    assert head.script() != script
    assert roll_back(head.root, dry_run=True) == (second, first)
    assert head.script() != script
    assert roll_back(head.root, dry_run=False) == (second, first)
    assert head.script() == script
    assert roll_back(head.root, dry_run=False) == (first, second)


def test_after_a_rollback_the_state_before_a_change_is_the_one_rolled_back_to(head: Head) -> None:
    first = head.write()
    head.change("debug")
    head.write()
    roll_back(head.root, dry_run=False)
    (head.recipes / "nodes/own.yaml").write_text("nodes: {beo-01: {address: 10.0.3.3}}\n")
    third = head.write()
    assert roll_back(head.root, dry_run=True) == (third, first)


def test_without_an_earlier_state_there_is_no_way_back(head: Head) -> None:
    with pytest.raises(ModpkgError, match="there is no earlier state"):
        roll_back(head.root, dry_run=False)
    head.write()
    with pytest.raises(ModpkgError, match="there is no earlier state"):
        roll_back(head.root, dry_run=False)


def test_old_states_and_images_that_none_names_are_removed(head: Head, tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        head.image = tmp_path / "images" / f"n{number}"
        head.about = write_image(head.image, content=str(number))
        head.write()
    assert len(history(head.places)) == KEPT
    assert len(list(head.places.generations.iterdir())) == KEPT
    contents = {path.read_text() for path in head.places.images.glob("*/root.squashfs")}
    assert contents == {str(number) for number in range(2, KEPT + 2)}


def test_a_crash_while_a_state_is_written_leaves_the_one_in_use(
    head: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = head.write()
    head.change("debug")

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as broken:
        broken.setattr("modpkg.pipeline.head.sync_file_system", full)
        with pytest.raises(OSError, match="No space left"):
            head.write()
    assert current_generation(head.places) == first
    second = head.write()
    assert current_generation(head.places) == second != first


def test_an_image_that_is_not_whole_is_refused(head: Head) -> None:
    (head.image / "initrd").unlink()
    with pytest.raises(BadInputError, match="it lacks initrd"):
        head.plan()


def test_missing_ipxe_names_its_package(head: Head) -> None:
    (head.ipxe / "snponly.efi").unlink()
    with pytest.raises(ModpkgError, match="cannot find the first program") as raised:
        head.plan()
    assert raised.value.hint == "apt-get install ipxe"


def test_a_folder_that_nginx_would_read_as_syntax_is_refused(head: Head) -> None:
    head.root = Path("/srv/my head")
    with pytest.raises(BadInputError, match="the folder has signs"):
        head.plan()
