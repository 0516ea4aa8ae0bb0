from modpkg.rootfs.state.group import GROUP, GSHADOW, split_members, with_members


def test_groups_are_sorted_by_id_with_sorted_members() -> None:
    assert GROUP.parse("z:x:300:b,a\na:x:5:\n") == ("a:x:5:", "z:x:300:a,b")
    assert (GSHADOW.mode, GSHADOW.gid) == (0o640, 42)


def test_new_members_of_known_groups_are_split_off() -> None:
    lines, members = split_members(
        "etc/group", ["video:x:44:ada,munge", "new:x:300:munge"], ["video:x:44:ada"]
    )
    assert lines == ("video:x:44:ada", "new:x:300:munge")
    assert members == {"video": ("munge",)}


def test_a_member_that_is_gone_is_left_for_the_comparison_to_find() -> None:
    lines, members = split_members("etc/group", ["video:x:44:"], ["video:x:44:ada"])
    assert (lines, members) == (("video:x:44:",), {})


def test_members_come_back() -> None:
    for path, line, joined in (
        ("etc/group", "video:x:44:ada", "video:x:44:ada,munge"),
        ("etc/gshadow", "video:*::ada", "video:*::ada,munge"),
    ):
        assert with_members(path, [line], {"video": ("munge", "ada"), "none": ("x",)}) == (joined,)
