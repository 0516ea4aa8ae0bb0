from __future__ import annotations

from pathlib import Path

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.formats.node_documents import load_nodes
from modpkg.host.run import run
from modpkg.image.uki import STUBS
from modpkg.model.image import SiteMark
from modpkg.node.head import HeadPlaces
from modpkg.pipeline.head import KEPT, HeadPlan, current_generation, history, plan_head, roll_back, write_head
from tests.support.nodes import copy_recipes, file_of, programs, write_image


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


def test_files_of_an_image_that_the_head_lost_are_taken_again(head: Head) -> None:
    generation = head.write()
    (folder,) = head.places.images.iterdir()
    (folder / "root.squashfs").unlink()
    assert head.plan().reason == f"files of {folder.name} are damaged"
    assert head.write() == generation
    assert (folder / "root.squashfs").read_bytes() == (head.image / "root.squashfs").read_bytes()
    # By a new file: the one that it was a link of stays.
    (folder / "vmlinuz").unlink()
    (folder / "vmlinuz").write_bytes(b"")
    assert head.write() == generation
    assert head.plan().reason == ""


def test_a_damaged_history_names_no_generation(head: Head) -> None:
    generation = head.write()
    head.places.history.write_bytes(b"x\n\xff\n" + head.places.history.read_bytes())
    head.places.current.unlink()
    assert head.write() == generation
    assert history(head.places) == [generation]


def test_a_change_is_a_new_generation_and_tells_its_files(head: Head) -> None:
    first = head.write()
    head.change("debug")
    plan = head.plan()
    assert plan.generation != first
    assert {path.partition("/")[0] for path in plan.changed} == {"boot", "node", "settings"}
    assert len(plan.changed) == 8  # three cards of the two nodes of the group, and their settings


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


@pytest.fixture
def with_ukis(head: Head) -> Head:
    """Give a head of which two nodes boot by an EFI program, of a kernel and an initrd that are only bytes."""
    if not find_stub_or_none():
        pytest.skip("systemd-boot-efi is not installed")
    (head.recipes / "nodes/own.yaml").write_text("nodes: {beo-01: {boot: uki}, beo-02: {boot: uki}}\n")
    return head


def find_stub_or_none() -> bool:
    return all(path.is_file() for path in STUBS.values())


def test_an_efi_program_is_made_once_and_lies_where_http_and_tftp_find_it(with_ukis: Head) -> None:
    plan = with_ukis.plan()
    (uki,) = plan.ukis
    write_head(plan, with_ukis.root)
    path = with_ukis.places.ukis / uki.file
    program = path.read_bytes()
    assert program.startswith(b"MZ")
    assert uki.command_line.encode() in program
    assert (with_ukis.places.current / "tftp/uki" / uki.file).read_bytes() == program
    assert path.stat().st_mode & 0o777 == 0o644
    before = path.stat().st_mtime_ns
    with_ukis.change("debug")
    with_ukis.write()
    assert path.stat().st_mtime_ns == before
    assert len(list(with_ukis.places.ukis.iterdir())) == 2


def test_a_program_stays_as_long_as_a_state_that_names_it(with_ukis: Head) -> None:
    with_ukis.write()
    (first,) = with_ukis.places.ukis.iterdir()
    for number in range(KEPT - 1):
        with_ukis.change(f"a={number}")
        with_ukis.write()
        text = (with_ukis.recipes / "nodes/compute.yaml").read_text()
        (with_ukis.recipes / "nodes/compute.yaml").write_text(text.replace(f"[a={number}]", "[quiet]"))
    assert first.exists()
    with_ukis.change("a=last")
    with_ukis.write()
    assert not first.exists()


def test_a_site_s_key_signs_the_programs(with_ukis: Head, tmp_path: Path) -> None:
    key, certificate = tmp_path / "db.key", tmp_path / "db.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    run(["openssl", *words, "-keyout", key, "-out", certificate])
    unsigned = with_ukis.plan().ukis[0].file
    path = with_ukis.recipes / "cluster.yaml"
    path.write_text(f"{path.read_text()}secure-boot: {{key: {key}, certificate: {certificate}}}\n")
    plan = with_ukis.plan()
    assert plan.ukis[0].file != unsigned
    write_head(plan, with_ukis.root)
    signed = with_ukis.places.ukis / plan.ukis[0].file
    run(["sbverify", "--cert", certificate, signed])
    key.unlink()
    with pytest.raises(BadInputError, match="cannot sign the EFI program") as raised:
        with_ukis.plan()
    assert raised.value.where == str(key)


def test_layers_and_a_site_layer_are_served_the_latter_for_the_servers_to_read(head: Head) -> None:
    for name in ("layers", "00-core.squashfs", "site.squashfs"):
        (head.image / name).write_text(name)
    (head.image / "site.squashfs").chmod(0o600)
    (head.image / "root.squashfs").unlink()
    files = {name: file for name, file in head.about.files.items() if name != "root.squashfs"}
    files |= {name: file_of(name) for name in ("layers", "00-core.squashfs", "site.squashfs")}
    mark = SiteMark(digest="1" * 64, fingerprint="bcdfghjklm")
    head.about = head.about.model_copy(
        update={"files": files, "layers": ("00-core.squashfs",), "layout": "layered", "site": mark}
    )
    (head.image / "image.json").write_text(head.about.model_dump_json())
    head.write()
    (folder,) = head.places.images.iterdir()
    assert sorted(path.name for path in folder.iterdir()) == [
        *("00-core.squashfs", "image.json", "initrd", "layers", "site.squashfs", "vmlinuz"),
    ]
    assert (folder / "site.squashfs").stat().st_mode & 0o777 == 0o644
    assert (head.image / "site.squashfs").stat().st_mode & 0o777 == 0o600
    assert f"/images/{folder.name}/layers modpkg.sha256={files['layers'].sha256}" in head.script()
    assert f"modpkg.site-sha256={files['site.squashfs'].sha256}" in head.script()


def test_one_head_has_several_images(head: Head, tmp_path: Path) -> None:
    (head.recipes / "images/login.yaml").touch()
    (head.recipes / "nodes/own.yaml").write_text("nodes: {beo-02: {image: login}}\n")
    other = tmp_path / "images" / "login"
    sources = {
        "compute": (head.image, head.about),
        "login": (other, write_image(other, "login", content="other")),
    }
    plan = plan_head(load_nodes(head.recipes), sources, root=head.root, ipxe=head.ipxe)
    write_head(plan, head.root)
    contents = {path.parent.name: path.read_text() for path in head.places.images.glob("*/root.squashfs")}
    assert {name.partition("_")[0]: text for name, text in contents.items()} == {
        "compute": "root",
        "login": "other",
    }
    scripts = [(head.places.current / f"boot/52:54:00:00:00:0{n}.ipxe").read_text() for n in (1, 2)]
    assert ["/images/login_" in script for script in scripts] == [False, True]
