import pytest

from modpkg.errors import ModpkgError
from modpkg.rootfs.state.accounts import Group, GroupShadow, User, undated

ROOT = "root:x:0:0:root:/root:/bin/bash"


def test_a_line_of_passwd_is_written_as_it_was_read() -> None:
    user = User.parse(ROOT)
    assert (user.name, user.uid, user.gid, user.shell) == ("root", 0, 0, "/bin/bash")
    assert str(user) == ROOT


def test_members_of_a_group_are_a_set() -> None:
    group = Group.parse("video:x:44:zoe,adam,zoe")
    assert group.members == ("adam", "zoe")
    assert str(group) == "video:x:44:adam,zoe"
    assert str(group.with_members(("b", "a"))) == "video:x:44:a,b"


def test_a_line_of_gshadow_keeps_its_administrators() -> None:
    line = "video:!:ada:adam,zoe"
    assert str(GroupShadow.parse(line)) == line


def test_the_day_of_the_build_goes_from_shadow() -> None:
    assert undated("root:*:20779:0:99999:7:::") == "root:*::0:99999:7:::"
    assert undated("root:*::0:99999:7:::") == "root:*::0:99999:7:::"


@pytest.mark.parametrize(
    ("read", "line"),
    [
        (User.parse, "root:x:0:0"),
        (User.parse, "root:x:zero:0:root:/root:/bin/bash"),
        (User.parse, "root:x:-1:0:root:/root:/bin/bash"),
        (User.parse, "root:x:²:0:root:/root:/bin/bash"),
        (Group.parse, "root:x:"),
        (Group.parse, "root:x::"),
        (GroupShadow.parse, "root"),
        (undated, "root:*"),
    ],
)
def test_a_broken_line_is_named(read: object, line: str) -> None:
    assert callable(read)
    with pytest.raises(ModpkgError, match="cannot read"):
        read(line)
