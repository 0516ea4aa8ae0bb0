import pytest

from modpkg.errors import ModpkgError
from modpkg.rootfs.state.dpkg import Stanza, added_stanzas, merged_stanzas, parse_status, status_text
from tests.support.stack import stanza

FOLDED = (
    "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nDescription: x\n more\n .\n end"
)


def test_stanzas_are_kept_to_the_letter_and_sorted() -> None:
    text = f"{stanza('b')}\n\n{FOLDED}\n\n"
    stanzas = parse_status(text)
    assert [one.package for one in stanzas] == ["a", "b"]
    assert stanzas[0].text == FOLDED
    assert status_text([one.text for one in stanzas]) == f"{FOLDED}\n\n{stanza('b')}\n\n"


def test_packages_of_several_architectures_are_apart() -> None:
    foreign = stanza("libc6", architecture="i386", multi_arch="same")
    native = stanza("libc6", multi_arch="same")
    assert [one.key for one in parse_status(f"{foreign}\n\n{native}\n")] == ["libc6:amd64", "libc6:i386"]
    assert Stanza.parse(stanza("a", multi_arch="foreign")).key == "a"


def test_a_stanza_without_a_version_is_refused() -> None:
    with pytest.raises(ModpkgError, match="without 'version'"):
        Stanza.parse("Package: a\nArchitecture: all\nStatus: install ok installed")


def take(new: list[str], base: list[str]) -> tuple[tuple[str, ...], list[str]]:
    stanzas, conflicts = added_stanzas(
        [Stanza.parse(text) for text in new],
        base=[Stanza.parse(text) for text in base],
        below="core",
        here="ib",
    )
    return stanzas, [str(conflict) for conflict in conflicts]


def test_new_packages_are_taken() -> None:
    assert take([stanza("a"), stanza("b")], [stanza("a")]) == ((stanza("b"),), [])


def test_a_lower_package_must_stay_as_it_is() -> None:
    _, conflicts = take(
        [stanza("a", "2"), stanza("b", section="x")], [stanza("a", "1"), stanza("b"), stanza("c")]
    )
    assert conflicts[0] == "var/lib/dpkg/status: package a: core has '1 (amd64)', ib has '2 (amd64)'"
    assert conflicts[1].startswith("var/lib/dpkg/status: record of package b: core has ")
    assert conflicts[2] == "var/lib/dpkg/status: package c: core has '1.0-1 (amd64)', ib has 'nothing'"


@pytest.mark.parametrize(
    "status", ["deinstall ok config-files", "install ok half-configured", "hold ok installed"]
)
def test_only_wholly_installed_packages_are_taken(status: str) -> None:
    _, conflicts = take([stanza("a", status=status)], [])
    assert conflicts == [
        "var/lib/dpkg/status: status of package a: dpkg has 'install ok installed', ib has " + repr(status)
    ]


def test_equal_packages_of_two_modules_are_one() -> None:
    merged, conflicts = merged_stanzas([("x", (stanza("b"), stanza("a"))), ("y", (stanza("a"),))])
    assert (merged, conflicts) == ((stanza("a"), stanza("b")), ())


def test_a_package_in_two_versions_is_a_conflict_that_names_both() -> None:
    _, (conflict,) = merged_stanzas([("nfs", (stanza("p", "1"),)), ("st", (stanza("p", "2"),))])
    assert str(conflict) == "var/lib/dpkg/status: package p: nfs has '1 (amd64)', st has '2 (amd64)'"
