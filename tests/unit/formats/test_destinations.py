import pytest

from modpkg.formats.destinations import Destinations, parse_destinations, parse_softgroups
from modpkg.formats.text import Text
from modpkg.model.files import FileEntry


def parse(text: str, only: tuple[str, ...] = ()) -> Destinations:
    return parse_destinations(Text.of(text, file="x"), name="image-files/destinations", only=only)


def entry(line: str) -> FileEntry:
    said = parse(line)
    assert said.problems == ()
    ((_, found),) = said.entries
    return found


@pytest.mark.parametrize(
    ("mode", "kept"), [("600", "0600"), ("0600", "0600"), ("4755", "4755"), ("01777", "1777")]
)
def test_a_copy_keeps_the_name_of_its_file(mode: str, kept: str) -> None:
    found = entry(f"  ssh/authorized_keys\t/root/.ssh/   root:root {mode} ")
    assert (found.kind, found.source, found.path) == (
        "copy",
        "image-files/ssh/authorized_keys",
        "/root/.ssh/authorized_keys",
    )
    assert (found.owner, found.group, found.mode) == ("root", "root", kept)
    assert found.origin == "image-files/destinations:1"


@pytest.mark.parametrize(
    ("owner", "accounts"),
    [("munge", ("munge", "root")), ("a.b:c-d", ("a.b", "c-d")), ("105:106", ("105", "106"))],
)
def test_an_owner_may_be_without_group_and_a_number(owner: str, accounts: tuple[str, str]) -> None:
    found = entry(f"x /etc {owner} 644")
    assert (found.owner, found.group) == accounts


def test_two_paths_are_a_link_and_one_is_a_directory() -> None:
    link, directory = entry("/data/x /etc/x"), entry("/etc/ldap")
    assert (link.kind, link.path, link.target) == ("link", "/etc/x", "/data/x")
    assert (directory.kind, directory.path, directory.mode) == ("directory", "/etc/ldap", None)


def test_remarks_and_includes() -> None:
    said = parse("# a remark\n\n#include more\n#includes none\n  #include indented\n/a\n", only=("login",))
    assert said.includes == (((3, 10), "more"),)
    assert [(place, found.path, found.only) for place, found in said.entries] == [((6, 1), "/a", ("login",))]


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("g: n[1-2,4],m", ("n1", "n2", "n4", "m")),
        ("g  n1 n2 , n3", ("n1", "n2", "n3")),
        ("  g:n1  ", ("n1",)),
    ],
)
def test_a_group_is_a_name_and_a_hostlist(text: str, nodes: tuple[str, ...]) -> None:
    groups, problems = parse_softgroups(Text.of(f"# groups\n{text}\n", file="x"))
    assert problems == []
    assert groups["g"][1] == nodes
