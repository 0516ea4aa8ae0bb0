from modpkg.rootfs.state.shells import SHELLS, SHELLS_STATE


def test_the_comment_stays_on_top() -> None:
    assert SHELLS.parse("# /etc/shells: valid login shells\n/usr/bin/sh\n/bin/sh\n") == (
        "# /etc/shells: valid login shells",
        "/bin/sh",
        "/usr/bin/sh",
    )


def test_what_update_shells_remembers_is_a_database_too() -> None:
    assert SHELLS_STATE.owns("var/lib/shells.state")
