from __future__ import annotations

from itertools import permutations

import pytest

from modpkg.rootfs.state.nsswitch import (
    added_services,
    merged_services,
    parse_services,
    services_text,
)

DEBIAN = """\
# /etc/nsswitch.conf
#
# Example configuration of GNU Name Service Switch functionality.

passwd:         files systemd
group:          files
hosts:          files mdns4_minimal [NOTFOUND=return] dns  # a word

netgroup:       nis
sudoers:        files
"""
BASE = {"passwd": ("files",), "hosts": ("files", "dns")}


def test_services_are_read_with_their_actions() -> None:
    found = parse_services(DEBIAN)
    assert found["passwd"] == ("files", "systemd")
    assert found["hosts"] == ("files", "mdns4_minimal [NOTFOUND=return]", "dns")
    assert list(found) == ["passwd", "group", "hosts", "netgroup", "sudoers"]


def test_what_is_written_is_read_back_in_debians_layout() -> None:
    services = parse_services(DEBIAN)
    text = services_text(services)
    assert parse_services(text) == services
    assert text.endswith("\nnetgroup:       nis\n\nsudoers:        files\n")
    assert "\n\npasswd:         files systemd\ngroup:          files\n\nhosts:" in text


@pytest.mark.parametrize(
    ("one", "two", "union"),
    [
        (("files", "systemd"), ("files", "ldap"), ("files", "ldap", "systemd")),
        (
            ("files", "myhostname", "dns"),
            ("files", "resolve", "dns"),
            ("files", "myhostname", "resolve", "dns"),
        ),
        (("files", "dns", "myhostname"), ("files", "dns"), ("files", "dns", "myhostname")),
        (("files",), (), ("files",)),
    ],
)
def test_the_union_keeps_every_order_and_does_not_depend_on_that_of_modules(
    one: tuple[str, ...], two: tuple[str, ...], union: tuple[str, ...]
) -> None:
    shares = [("core", {"hosts": ("files",)}), ("a", {"hosts": one}), ("b", {"hosts": two})]
    for order in permutations(shares):
        assert merged_services(order) == ({"hosts": union}, ())


def test_orders_that_contradict_each_other_are_a_conflict_that_names_both() -> None:
    _, (conflict,) = merged_services([("a", {"hosts": ("x", "y")}), ("b", {"hosts": ("y", "x")})])
    assert str(conflict) == "etc/nsswitch.conf: order of the services of hosts: a has 'x y', b has 'y x'"


def test_one_service_with_two_actions_is_a_conflict() -> None:
    shares = [("a", {"hosts": ("x [NOTFOUND=return]",)}), ("b", {"hosts": ("x",)})]
    _, (conflict,) = merged_services(shares)
    assert conflict.subject == "service x of hosts"


def test_a_module_says_only_what_it_changes() -> None:
    new = {"passwd": ("files", "systemd"), "hosts": ("files", "dns")}
    assert added_services(new, base=BASE, below="core", here="here") == ({"passwd": ("files", "systemd")}, ())
    assert added_services(BASE, base=BASE, below="core", here="here") == ({}, ())


@pytest.mark.parametrize("hosts", [("files",), ("dns", "files"), ("files [x=y]", "dns")])
def test_what_a_lower_module_has_must_stay_in_its_order(hosts: tuple[str, ...]) -> None:
    _, conflicts = added_services({**BASE, "hosts": hosts}, base=BASE, below="core", here="here")
    assert [conflict.subject for conflict in conflicts] == ["services of hosts"]


def test_taking_what_was_merged_gives_it_back() -> None:
    base, more = {"hosts": ("files", "dns")}, {"hosts": ("files", "myhostname", "dns")}
    merged, _ = merged_services([("core", base), ("a", more)])
    assert added_services(merged, base=base, below="core", here="here")[0] == more
