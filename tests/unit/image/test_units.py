import pytest

from modpkg.image.changes import Layout
from modpkg.image.units import enabled_units, masked_units, parse_service, resolved, unit_name
from tests.support.stack import make_module

FILE = "file 0644 0 0 10 " + "a" * 64


def link(target: str) -> str:
    return f"symlink 0777 0 0 {target}"


def of(paths: dict[str, str]) -> Layout:
    return Layout.of([make_module(paths=paths)])


def test_programs_are_the_absolute_paths_of_commands() -> None:
    unit = parse_service(
        [
            (
                "[Unit]\nExecStart=/not/this\n[Service]\n# ExecStart=/nor/this\nType=notify\n"
                "ExecStart=-@/usr/sbin/munged munged --key-file=/etc/key \\\n  /etc/more\n"
                "ExecStart=/bin/sh -c 'exec /usr/bin/x'\n"
            )
        ]
    )
    assert unit.type == "notify"
    assert unit.programs == ("usr/sbin/munged", "etc/more", "bin/sh", "usr/bin/x")


def test_a_drop_in_may_empty_what_the_unit_says() -> None:
    unit = parse_service(
        ["[Service]\nExecStart=/usr/bin/a\n", "[Service]\nExecStart=\nExecStart=/usr/bin/b\nType=oneshot\n"]
    )
    assert (unit.type, unit.programs) == ("oneshot", ("usr/bin/b",))


def test_a_unit_that_says_nothing_is_simple() -> None:
    assert parse_service([""]).type == "simple"
    assert parse_service(["[Service]\nType=\n"]).type == "simple"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("usr/lib/systemd/system/munge.service", "munge.service"),
        ("etc/systemd/system/munge.service.d/site.conf", "munge.service"),
        ("etc/systemd/system/munge.service.d/README", ""),
        ("etc/systemd/system/multi-user.target.wants/munge.service", ""),
        ("usr/lib/systemd/user/pipewire.service", ""),
        ("usr/bin/munged", ""),
    ],
)
def test_units_by_their_paths(path: str, name: str) -> None:
    assert unit_name(path) == name


def test_what_is_pulled_in_is_enabled() -> None:
    found = enabled_units(
        of(
            {
                "etc/systemd/system/multi-user.target.wants/munge.service": link("/usr/lib/x"),
                "usr/lib/systemd/system/sockets.target.wants/dbus.socket": link("../dbus.socket"),
                "etc/systemd/system/getty.target.wants/getty@tty1.service": link("/usr/lib/getty@.service"),
                "usr/lib/systemd/system/idle.service": FILE,
            }
        )
    )
    assert {"munge.service", "dbus.service", "getty@.service"} <= found
    assert "idle.service" not in found


def test_a_masked_unit_leads_nowhere() -> None:
    found = masked_units(
        of(
            {
                "etc/systemd/system/fstrim.timer": link("/dev/null"),
                "etc/systemd/system/dbus.service": link("/usr/lib/systemd/system/broker.service"),
            }
        )
    )
    assert found == {"fstrim.timer"}


def test_links_are_followed_through_directories() -> None:
    found = of({"bin": link("usr/bin"), "usr/bin/sh": link("dash"), "usr/bin/dash": FILE})
    assert resolved("bin/sh", found) == "usr/bin/dash"
    assert resolved("usr/bin/none", found) == "usr/bin/none"


def test_absolute_links_and_links_with_odd_names_are_followed() -> None:
    found = of({"usr/bin/a": link("/opt/a%20b"), "opt/a b": link("../usr/c"), "usr/c": FILE})
    assert resolved("usr/bin/a", found) == "usr/c"


def test_links_in_a_circle_lead_nowhere() -> None:
    found = of({"a": link("b"), "b": link("a")})
    assert resolved("a", found) == "a"
