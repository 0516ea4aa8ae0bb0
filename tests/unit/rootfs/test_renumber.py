import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.errors import DocumentError
from modpkg.model.platform import Accounts
from modpkg.rootfs.renumber import Registry, renumber

GOLDEN = Path(__file__).parents[2] / "golden/modules"
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")
BELOW = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nlower:x:150:150::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
    "etc/group": "root:x:0:\nlower:x:150:\nnogroup:x:65534:\n",
}


def registry(
    *declared: str, users: dict[str, int] | None = None, groups: dict[str, int] | None = None
) -> Registry:
    return Registry(
        recipe_path="recipes/modules/slurm/recipe.yaml",
        declared=declared,
        platform_path="recipes/platforms/bookworm.yaml",
        accounts=Accounts(users=users or {}, groups=users if groups is None and users else groups or {}),
    )


def write(tree: Path, passwd: str, group: str) -> Path:
    (tree / "etc").mkdir(parents=True, exist_ok=True)
    (tree / "etc/passwd").write_text(BELOW["etc/passwd"] + passwd)
    (tree / "etc/group").write_text(BELOW["etc/group"] + group)
    return tree


@pytest.fixture
def below(tmp_path: Path) -> Path:
    return write(tmp_path / "below", "", "")


def account(name: str, uid: int, gid: int | None = None) -> tuple[str, str]:
    gid = uid if gid is None else gid
    return f"{name}:x:{uid}:{gid}::/nonexistent:/usr/sbin/nologin\n", f"{name}:x:{gid}:\n"


def upper_with(tmp_path: Path, *accounts: tuple[str, str]) -> Path:
    tree = tmp_path / "upper"
    return write(tree, "".join(one for one, _ in accounts), "".join(two for _, two in accounts))


def owned(tree: Path, name: str, uid: int, gid: int, *, mode: int = 0o644) -> Path:
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.chown(path, uid, gid)
    path.chmod(mode)
    return path


def owner(path: Path) -> tuple[int, int]:
    info = path.lstat()
    return info.st_uid, info.st_gid


def test_a_new_account_gets_its_fixed_id_in_the_tables(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("munge", 103))
    renumber(upper, below=below, registry=registry("munge", users={"munge": 301}))
    assert (upper / "etc/passwd").read_text() == BELOW["etc/passwd"] + account("munge", 301)[0]
    assert (upper / "etc/group").read_text() == BELOW["etc/group"] + account("munge", 301)[1]


def test_users_and_groups_may_have_different_ids(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("munge", 103, 108))
    path = owned(upper, "var/lib/munge/key", 103, 108)
    renumber(upper, below=below, registry=registry("munge", users={"munge": 301}, groups={"munge": 401}))
    assert account("munge", 301, 401)[0] in (upper / "etc/passwd").read_text()
    assert owner(path) == (301, 401)


def test_files_directories_and_links_follow_their_owner(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("munge", 103))
    path = owned(upper, "var/lib/munge/key", 103, 103, mode=0o600)
    os.chown(path.parent, 103, 103)
    path.parent.chmod(0o2711)
    (upper / "link").symlink_to("var/lib/munge/key")
    os.chown(upper / "link", 103, 103, follow_symlinks=False)
    (upper / "dangling").symlink_to("nowhere")
    os.chown(upper / "dangling", 0, 103, follow_symlinks=False)
    os.mknod(upper / "fifo", stat.S_IFIFO | 0o640)
    os.chown(upper / "fifo", 103, 0)
    renumber(upper, below=below, registry=registry("munge", users={"munge": 301}))
    names = ("var/lib/munge/key", "var/lib/munge", "link", "dangling", "fifo", "var/lib")
    assert [owner(upper / name) for name in names] == [
        *((301, 301), (301, 301), (301, 301), (0, 301), (301, 0), (0, 0))
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o2711


def test_ids_that_change_places_do_not_get_mixed_up(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("munge", 301), account("slurm", 302))
    munge, slurm = owned(upper, "munge", 301, 301), owned(upper, "slurm", 302, 302)
    mixed = owned(upper, "mixed", 301, 302)
    renumber(upper, below=below, registry=registry("munge", "slurm", users={"munge": 302, "slurm": 301}))
    assert [owner(path) for path in (munge, slurm, mixed)] == [(302, 302), (301, 301), (302, 301)]
    lines = (upper / "etc/passwd").read_text().splitlines()[-2:]
    assert [line.split(":")[:4] for line in lines] == [
        ["munge", "x", "302", "302"],
        ["slurm", "x", "301", "301"],
    ]


def test_a_chain_of_ids_moves_each_file_once(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("a", 301), account("b", 302), account("c", 303))
    paths = [owned(upper, name, uid, uid) for name, uid in (("fa", 301), ("fb", 302), ("fc", 303))]
    renumber(upper, below=below, registry=registry("a", "b", "c", users={"a": 302, "b": 303, "c": 301}))
    assert [owner(path)[0] for path in paths] == [302, 303, 301]


@pytest.mark.parametrize("names", [("two",), ("two", "etc/three"), ("two", "etc/three", "four")])
def test_a_file_with_several_names_moves_once(tmp_path: Path, below: Path, names: tuple[str, ...]) -> None:
    upper = upper_with(tmp_path, account("munge", 301), account("slurm", 302))
    path = owned(upper, "one", 301, 301)
    for name in names:
        os.link(path, upper / name)
    renumber(upper, below=below, registry=registry("munge", "slurm", users={"munge": 302, "slurm": 301}))
    assert owner(path) == (302, 302)


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6711, 0o1777, 0o4000])
def test_special_bits_stay(tmp_path: Path, below: Path, mode: int) -> None:
    upper = upper_with(tmp_path, account("munge", 103))
    path = owned(upper, "usr/bin/munge", 103, 103, mode=mode)
    renumber(upper, below=below, registry=registry("munge", users={"munge": 301}))
    assert (owner(path), stat.S_IMODE(path.stat().st_mode)) == ((301, 301), mode)


def test_a_capability_stays(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("munge", 103))
    path = owned(upper, "usr/bin/ping", 0, 103, mode=0o750)
    os.setxattr(path, "security.capability", CAPABILITY)
    renumber(upper, below=below, registry=registry("munge", users={"munge": 301}))
    assert os.getxattr(path, "security.capability") == CAPABILITY
    assert (owner(path), stat.S_IMODE(path.stat().st_mode)) == ((0, 301), 0o750)


def test_files_of_others_are_not_touched(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("munge", 103))
    paths = [owned(upper, f"f{uid}", uid, uid) for uid in (0, 1, 99, 150, 65534, 12345)]
    before = [path.stat().st_ctime_ns for path in paths]
    renumber(upper, below=below, registry=registry("munge", users={"munge": 301}))
    assert [path.stat().st_ctime_ns for path in paths] == before


def test_an_account_below_keeps_its_id_whatever_the_table_says(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path)
    renumber(upper, below=below, registry=registry(users={"lower": 301}))
    assert (upper / "etc/passwd").read_text() == BELOW["etc/passwd"]


def test_without_modules_below_every_account_is_new(tmp_path: Path) -> None:
    upper = upper_with(tmp_path)
    renumber(upper, below=None, registry=registry("lower", users={"lower": 301}))
    assert "lower:x:301:301:" in (upper / "etc/passwd").read_text()


@pytest.mark.parametrize("uid", [1, 99, 65534])
def test_ids_that_the_distribution_gives_need_no_line(tmp_path: Path, below: Path, uid: int) -> None:
    upper = upper_with(tmp_path, account("static", uid))
    renumber(upper, below=below, registry=registry())
    assert f"static:x:{uid}:" in (upper / "etc/passwd").read_text()


def test_a_fixed_id_that_was_given_anyway_changes_nothing(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("slurm", 64030))
    path = owned(upper, "x", 64030, 64030)
    renumber(upper, below=below, registry=registry("slurm", users={"slurm": 64030}))
    assert owner(path) == (64030, 64030)


def test_a_delta_without_accounts_is_left_alone(tmp_path: Path, below: Path) -> None:
    upper = tmp_path / "upper"
    path = owned(upper, "usr/bin/x", 103, 103)
    renumber(upper, below=below, registry=registry(users={"munge": 301}))
    assert owner(path) == (103, 103)


def test_a_group_without_a_user(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, ("", "rdma:x:108:\n"))
    path = owned(upper, "dev/rdma", 0, 108)
    renumber(upper, below=below, registry=registry("rdma", groups={"rdma": 302}))
    assert owner(path) == (0, 302)
    assert (upper / "etc/group").read_text().endswith("rdma:x:302:\n")


def test_members_of_groups_stay(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, ("", "rdma:x:108:munge,slurm\n"))
    renumber(upper, below=below, registry=registry("rdma", groups={"rdma": 302}))
    assert (upper / "etc/group").read_text().endswith("rdma:x:302:munge,slurm\n")


def test_all_missing_lines_are_told_at_once(
    tmp_path: Path, below: Path, golden: Callable[[Path, str], None]
) -> None:
    upper = upper_with(tmp_path, account("munge", 103), account("slurm", 104), ("", "rdma:x:108:\n"))
    known = registry("slurm", users={"_chrony": 300, "slurm": 64030}, groups={"_chrony": 300})
    with pytest.raises(DocumentError) as caught:
        renumber(upper, below=below, registry=known)
    golden(GOLDEN / "accounts-missing.txt", f"{caught.value}\n")


def test_nothing_is_changed_when_a_line_is_missing(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("munge", 103), account("slurm", 104))
    path = owned(upper, "x", 103, 103)
    before = (upper / "etc/passwd").read_text()
    with pytest.raises(DocumentError):
        renumber(upper, below=below, registry=registry("munge", users={"munge": 301}))
    assert (owner(path), (upper / "etc/passwd").read_text()) == ((103, 103), before)


def hints(caught: pytest.ExceptionInfo[DocumentError]) -> list[str]:
    return [problem.hint for problem in caught.value.problems]


def test_a_user_and_its_group_are_offered_one_free_id(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("munge", 103))
    known = registry("munge", users={"a": 300, "b": 301}, groups={"c": 302})
    with pytest.raises(DocumentError) as caught:
        renumber(upper, below=below, registry=known)
    assert hints(caught) == [
        "add the line: accounts: groups: munge: 303",
        "add the line: accounts: users: munge: 303",
    ]


def test_a_group_is_offered_the_id_of_its_user(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("munge", 103))
    with pytest.raises(DocumentError) as caught:
        renumber(upper, below=below, registry=registry("munge", users={"munge": 377}, groups={}))
    assert hints(caught) == ["add the line: accounts: groups: munge: 377"]


def test_an_id_that_another_has_is_not_offered(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("munge", 103))
    known = registry("munge", users={"munge": 377}, groups={"other": 377})
    with pytest.raises(DocumentError) as caught:
        renumber(upper, below=below, registry=known)
    assert hints(caught) == ["add the line: accounts: groups: munge: 300"]


def test_the_recipe_is_offered_the_whole_line(tmp_path: Path, below: Path) -> None:
    upper = upper_with(tmp_path, account("munge", 103), account("slurm", 104))
    known = registry("zz", users={"munge": 301, "slurm": 302})
    with pytest.raises(DocumentError) as caught:
        renumber(upper, below=below, registry=known)
    assert set(hints(caught)) == {"write: accounts: [munge, slurm, zz]"}
