import pytest

from modpkg.errors import ModpkgError
from modpkg.rootfs.state.triggers import TRIGGERS, UNINCORPORATED


def test_waiters_are_a_set_of_lines() -> None:
    assert TRIGGERS.parse("/usr/lib/b dbus/noawait\n/etc/a udev\n") == (
        "/etc/a udev",
        "/usr/lib/b dbus/noawait",
    )
    assert TRIGGERS.owns("var/lib/dpkg/triggers/ldconfig")


def test_a_trigger_that_did_not_run_is_an_error() -> None:
    assert UNINCORPORATED.parse("") == ()
    with pytest.raises(ModpkgError, match="a trigger did not run: ldconfig libc-bin"):
        UNINCORPORATED.parse("ldconfig libc-bin\n")
