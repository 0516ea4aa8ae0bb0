import os
import stat
from pathlib import Path
from typing import Any

import pytest

from modpkg.errors import BadInputError
from modpkg.model.recipe import Content, FileInfo, Recipe
from modpkg.rootfs.contents import add_contents
from modpkg.rootfs.inventory import inventory
from tests.support.stack import write_files

RECIPE: dict[str, Any] = {
    "name": "slurm",
    "version": "22.5.8",
    "summary": "s",
    "description": "d",
    "license": "MIT",
    "homepage": "https://www.example.org",
    "maintainer": "A <a@example.org>",
    "platforms": ("bookworm",),
}
TABLES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nmunge:x:301:302::/:/bin/sh\n",
    "etc/group": "root:x:0:\nmunge:x:302:\nslurm:x:400:\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path / "root", TABLES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = {
        "files/slurm.conf": "a=1\n",
        "tree/one": "1",
        "tree/sub/two": "2",
        "tree/sub/deep/three": "3",
    }
    folder = write_files(tmp_path / "recipe", texts)
    (folder / "tree/link").symlink_to("sub/two")
    (folder / "files/slurm.conf").chmod(0o777)
    return folder


def add(root: Path, folder: Path, *contents: Content) -> None:
    add_contents(root, Recipe(**RECIPE, contents=contents), folder=folder)


def info(mode: str = "0644", owner: str = "root", group: str = "root") -> FileInfo:
    return FileInfo(mode=mode, owner=owner, group=group)


CONF = Content(src="files/slurm.conf", dst="/etc/slurm/slurm.conf")


def facts(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid


def test_a_file_gets_content_mode_and_owner_of_the_recipe(root: Path, folder: Path) -> None:
    content = CONF.model_copy(update={"file_info": info("0640", "munge", "slurm")})
    add(root, folder, content)
    path = root / "etc/slurm/slurm.conf"
    assert (path.read_text(), facts(path)) == ("a=1\n", (0o640, 301, 400))


def test_without_a_word_it_is_roots(root: Path, folder: Path) -> None:
    add(root, folder, CONF)
    assert facts(root / "etc/slurm/slurm.conf") == (0o644, 0, 0)


@pytest.mark.parametrize("mode", ["0755", "04755", "02711", "0000", "01777"])
def test_modes_are_kept_whole(root: Path, folder: Path, mode: str) -> None:
    add(root, folder, CONF.model_copy(update={"file_info": info(mode, "munge")}))
    assert facts(root / "etc/slurm/slurm.conf") == (int(mode, 8), 301, 0)


def test_directories_on_the_way_do_not_know_the_umask(root: Path, folder: Path) -> None:
    before = os.umask(0o077)
    try:
        add(root, folder, Content(src="files/slurm.conf", dst="/srv/a/b/conf"))
    finally:
        os.umask(before)
    assert [facts(root / name) for name in ("srv", "srv/a", "srv/a/b")] == [(0o755, 0, 0)] * 3
    assert facts(root / "srv/a/b/conf") == (0o644, 0, 0)


def test_a_file_of_a_package_is_replaced(root: Path, folder: Path) -> None:
    write_files(root, {"etc/slurm/slurm.conf": "the package's"})
    (root / "etc/slurm/slurm.conf").chmod(0o4777)
    add(root, folder, CONF)
    assert (root / "etc/slurm/slurm.conf").read_text() == "a=1\n"
    assert facts(root / "etc/slurm/slurm.conf") == (0o644, 0, 0)


def test_another_name_of_a_replaced_file_keeps_its_content(root: Path, folder: Path) -> None:
    write_files(root, {"etc/slurm/slurm.conf": "the package's"})
    os.link(root / "etc/slurm/slurm.conf", root / "other")
    add(root, folder, CONF)
    assert (root / "other").read_text() == "the package's"


@pytest.mark.parametrize("kind", ["file", "symlink"])
@pytest.mark.parametrize("leads", ["outside", "inside", "nowhere"])
def test_a_link_at_the_destination_is_replaced_and_not_followed(
    root: Path, folder: Path, tmp_path: Path, kind: str, leads: str
) -> None:
    target = tmp_path / "of-the-machine"
    target.write_text("mine")
    (root / "inside").write_text("mine")
    destination = {"outside": target, "inside": root / "inside", "nowhere": "/nonexistent"}[leads]
    (root / "etc/slurm").mkdir()
    (root / "etc/slurm/slurm.conf").symlink_to(destination)
    source = "files/slurm.conf" if kind == "file" else "x"
    add(root, folder, Content(src=source, dst="/etc/slurm/slurm.conf", type=kind))  # type: ignore[arg-type]
    assert target.read_text() == (root / "inside").read_text() == "mine"
    assert (root / "etc/slurm/slurm.conf").is_symlink() == (kind == "symlink")


def test_a_link_says_what_the_recipe_says(root: Path, folder: Path) -> None:
    link = Content(
        src="/run/slurm.conf", dst="/etc/slurm/link", type="symlink", file_info=info(owner="munge")
    )
    add(root, folder, link)
    path = root / "etc/slurm/link"
    assert (str(path.readlink()), facts(path)[1:]) == ("/run/slurm.conf", (301, 0))


def test_a_directory(root: Path, folder: Path) -> None:
    content = Content(dst="/var/spool/slurm", type="dir", file_info=info("0750", "munge", "munge"))
    add(root, folder, content)
    # Whoever may read it may enter it: 0750 stays, and a plain 0644 becomes 0755.
    assert facts(root / "var/spool/slurm") == (0o750, 301, 302)
    add(root, folder, Content(dst="/var/spool/plain", type="dir"))
    assert facts(root / "var/spool/plain") == (0o755, 0, 0)


def test_a_directory_that_is_there_gets_what_the_recipe_says(root: Path, folder: Path) -> None:
    (root / "srv").mkdir(mode=0o700)
    add(root, folder, Content(dst="/srv", type="dir", file_info=info("0711", "munge")))
    assert facts(root / "srv") == (0o711, 301, 0)


def test_a_tree_is_copied_with_directories_that_can_be_entered(root: Path, folder: Path) -> None:
    content = Content(src="tree", dst="/usr/lib/slurm", type="tree", file_info=info("0640", "root", "munge"))
    add(root, folder, content)
    top = root / "usr/lib/slurm"
    assert (top / "sub/deep/three").read_text() == "3"
    assert str((top / "link").readlink()) == "sub/two"
    assert facts(top / "sub/two") == (0o640, 0, 302)
    assert facts(top) == facts(top / "sub") == facts(top / "sub/deep") == (0o750, 0, 302)


def test_a_tree_over_a_directory_changes_only_what_it_brings(root: Path, folder: Path) -> None:
    write_files(root, {"usr/lib/slurm/mine": "mine", "usr/lib/slurm/sub/mine": "mine"})
    os.chown(root / "usr/lib/slurm/mine", 12, 34)
    (root / "usr/lib/slurm").chmod(0o2775)
    before = {name: line for name, line in inventory(root).items() if name.startswith("usr")}
    add(root, folder, Content(src="tree", dst="/usr/lib/slurm", type="tree", file_info=info(owner="munge")))
    after = inventory(root)
    assert {name: after[name] for name in before} == before
    assert facts(root / "usr/lib/slurm/sub/two") == (0o644, 301, 0)


def test_links_that_a_tree_meets_are_not_followed(root: Path, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (root / "usr").mkdir()
    (root / "usr/one").symlink_to(outside)
    add(root, folder, Content(src="tree", dst="/usr", type="tree"))
    assert outside.read_text() == "mine"
    assert (root / "usr/one").read_text() == "1"


def test_attributes_of_a_checkouts_files_do_not_come_along(root: Path, folder: Path) -> None:
    value = bytes.fromhex("0100000200200000000000000000000000000000")
    os.setxattr(folder / "tree/one", "security.capability", value)
    add(root, folder, Content(src="tree", dst="/usr/lib/slurm", type="tree"))
    assert os.listxattr(root / "usr/lib/slurm/one") == []


def test_a_link_within_the_tree_is_a_way(root: Path, folder: Path) -> None:
    (root / "usr/lib").mkdir(parents=True)
    (root / "lib").symlink_to("usr/lib")
    add(root, folder, Content(src="files/slurm.conf", dst="/lib/slurm/slurm.conf"))
    assert (root / "usr/lib/slurm/slurm.conf").is_file()


def test_a_link_to_a_directory_that_is_not_there_yet_is_a_way(root: Path, folder: Path) -> None:
    (root / "lib").symlink_to("usr/lib")
    add(root, folder, Content(src="files/slurm.conf", dst="/lib/slurm.conf"))
    assert (root / "usr/lib/slurm.conf").is_file()


@pytest.mark.parametrize("target", ["/run", "../../..", "/nonexistent/x"])
@pytest.mark.parametrize("kind", ["file", "tree", "dir", "symlink"])
def test_a_link_out_of_the_tree_is_refused(root: Path, folder: Path, target: str, kind: str) -> None:
    (root / "var").mkdir()
    (root / "var/run").symlink_to(target)
    source = {"file": "files/slurm.conf", "tree": "tree", "dir": None, "symlink": "x"}[kind]
    with pytest.raises(BadInputError) as caught:
        add(root, folder, Content(src=source, dst="/var/run/slurm/x", type=kind))  # type: ignore[arg-type]
    assert str(caught.value) == (
        "cannot put anything at /var/run/slurm/x: a directory on the way is a link that leads out of the "
        "module's tree\n  hint: name the place that the link leads to"
    )
    assert list((root / "var").iterdir()) == [root / "var/run"]


def test_a_tree_that_meets_a_link_out_of_the_tree_is_refused(
    root: Path, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "usr").mkdir()
    (root / "usr/sub").symlink_to(outside)
    with pytest.raises(BadInputError, match="cannot put anything at /usr/sub/"):
        add(root, folder, Content(src="tree", dst="/usr", type="tree"))
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "symlink"])
def test_a_directory_is_not_replaced_by_a_file(root: Path, folder: Path, kind: str) -> None:
    (root / "etc/slurm/slurm.conf").mkdir(parents=True)
    with pytest.raises(
        BadInputError, match=r"cannot put a file at /etc/slurm/slurm.conf: a directory is there"
    ):
        add(root, folder, CONF.model_copy(update={"type": kind}))


@pytest.mark.parametrize("dst", ["/etc/passwd/x/y", "/etc/passwd/x", "/etc/passwd"])
def test_a_file_is_not_replaced_by_a_directory(root: Path, folder: Path, dst: str) -> None:
    with pytest.raises(BadInputError, match="cannot make the directory /etc/passwd: something else is there"):
        add(root, folder, Content(dst=dst, type="dir"))


@pytest.mark.parametrize(("name", "table"), [("owner", "passwd"), ("group", "group")])
def test_an_account_that_nobody_made_is_named(root: Path, folder: Path, name: str, table: str) -> None:
    content = CONF.model_copy(update={"file_info": info(**{name: "mung"})})
    with pytest.raises(BadInputError) as caught:
        add(root, folder, content)
    assert str(caught.value) == (
        f"cannot give /etc/slurm/slurm.conf to 'mung': /etc/{table} of the module's tree has no such account\n"
        "  hint: name an account that a package of this module or of a lower one makes"
    )


def test_contents_are_added_in_their_order(root: Path, folder: Path) -> None:
    add(
        root,
        folder,
        Content(src="tree", dst="/x", type="tree"),
        Content(src="files/slurm.conf", dst="/x/one"),
    )
    assert (root / "x/one").read_text() == "a=1\n"


@pytest.mark.parametrize("dst", ["/var/run/slurm", "/var/run/slurm/pid"])
def test_a_link_that_leads_to_where_no_module_holds_anything_is_refused(
    root: Path, folder: Path, dst: str
) -> None:
    (root / "run").mkdir()
    (root / "var").mkdir()
    (root / "var/run").symlink_to("../run")
    with pytest.raises(BadInputError) as caught:
        add(root, folder, Content(src="files/slurm.conf", dst=dst))
    assert caught.value.where == str(folder / "recipe.yaml")
    assert caught.value.what == (
        f"cannot put anything at /{dst.removeprefix('/var/')}, where {dst} leads: "
        "it is left out of every module: it belongs to the machine that runs"
    )


def test_byte_code_in_a_tree_is_no_fault(root: Path, folder: Path) -> None:
    write_files(folder / "tree", {"__pycache__/one.pyc": "x"})
    add(root, folder, Content(src="tree", dst="/usr/lib/x", type="tree"))
    assert (root / "usr/lib/x/one").is_file()
