import pytest

from modpkg.errors import ModpkgError
from modpkg.model.module import Alternative, Choice
from modpkg.rootfs.state.alternatives import (
    added_alternative,
    admin_text,
    chosen,
    links_of,
    merged_alternative,
    parse_admin,
    read_alternative,
)

AWK = """auto
/usr/bin/awk
awk.1.gz
/usr/share/man/man1/awk.1.gz
nawk
/usr/bin/nawk

/usr/bin/gawk
10

/usr/bin/gawk
/usr/bin/mawk
5
/usr/share/man/man1/mawk.1.gz
/usr/bin/mawk

"""
GAWK = Choice(path="/usr/bin/gawk", priority=10, slaves={"nawk": "/usr/bin/gawk"})
MAWK = Choice(
    path="/usr/bin/mawk",
    priority=5,
    slaves={"awk.1.gz": "/usr/share/man/man1/mawk.1.gz", "nawk": "/usr/bin/mawk"},
)
SLAVES = {"awk.1.gz": "/usr/share/man/man1/awk.1.gz", "nawk": "/usr/bin/nawk"}


def awk(*choices: Choice, selected: str | None = None) -> Alternative:
    return Alternative(link="/usr/bin/awk", slaves=SLAVES, choices=choices, selected=selected)


def test_an_admin_file_is_read_and_written_to_the_letter() -> None:
    alternative, by_hand = parse_admin("awk", AWK)
    assert (alternative, by_hand) == (awk(GAWK, MAWK), False)
    assert admin_text(alternative) == AWK


def test_the_highest_priority_wins_and_its_slaves_follow() -> None:
    assert links_of("awk", awk(GAWK, MAWK)) == {"awk": "/usr/bin/gawk", "nawk": "/usr/bin/gawk"}


def test_of_equal_priorities_the_first_path_wins() -> None:
    twin = GAWK.model_copy(update={"path": "/usr/bin/awk2"})
    assert chosen(awk(GAWK, twin)) == twin


def test_a_selection_by_hand_wins_over_priority() -> None:
    alternative = read_alternative(
        "awk", AWK.replace("auto", "manual", 1), {"awk": "/usr/bin/mawk", "nawk": "/usr/bin/mawk"}
    )
    assert alternative.selected == "/usr/bin/mawk"
    assert links_of("awk", alternative) == {"awk": "/usr/bin/mawk", "nawk": "/usr/bin/mawk"}
    assert admin_text(alternative).startswith("manual\n")


def test_a_slave_without_its_link_stays_without() -> None:
    text = AWK.replace("10", "1")
    alternative = read_alternative("awk", text, {"awk": "/usr/bin/mawk", "nawk": "/usr/bin/mawk"})
    assert alternative.choices[1].missing == ("awk.1.gz",)
    assert links_of("awk", alternative) == {"awk": "/usr/bin/mawk", "nawk": "/usr/bin/mawk"}


def test_a_cut_admin_file_is_refused() -> None:
    with pytest.raises(ModpkgError, match="ends too early"):
        parse_admin("awk", "auto")


def test_a_module_adds_its_choice_only() -> None:
    extra, conflicts = added_alternative("awk", awk(GAWK, MAWK), base=awk(MAWK), below="core", here="ib")
    assert extra == Alternative(link="/usr/bin/awk", choices=(GAWK,))
    assert conflicts == ()


def test_nothing_new_is_nothing_added() -> None:
    assert added_alternative("awk", awk(MAWK), base=awk(MAWK), below="core", here="ib") == (None, ())
    assert added_alternative("awk", awk(MAWK), base=None, below="core", here="ib") == (awk(MAWK), ())


def test_a_lower_choice_cannot_be_removed_or_changed() -> None:
    cheap = MAWK.model_copy(update={"priority": 1, "slaves": {}})
    for new, said in ((awk(GAWK), "nothing"), (awk(cheap), "priority 1")):
        _, (conflict,) = added_alternative("awk", new, base=awk(MAWK), below="core", here="ib")
        assert conflict.subject == "choice /usr/bin/mawk"
        assert conflict.sides[1].has == said


def test_merging_is_the_union_in_any_order() -> None:
    core, tools = ("core", awk(MAWK)), ("tools", Alternative(link="/usr/bin/awk", choices=(GAWK,)))
    assert merged_alternative("awk", [core, tools]) == (awk(GAWK, MAWK), ())
    assert merged_alternative("awk", [tools, core]) == (awk(GAWK, MAWK), ())


def test_modules_that_disagree_are_named() -> None:
    shares = [
        ("a", awk(MAWK, selected="/usr/bin/mawk")),
        (
            "b",
            Alternative(link="/bin/awk", slaves={"nawk": "/bin/nawk"}, choices=(GAWK,), selected=GAWK.path),
        ),
    ]
    _, conflicts = merged_alternative("awk", shares)
    assert [conflict.subject for conflict in conflicts] == ["link", "link of nawk", "selection by hand"]
    assert all([side.module for side in conflict.sides] == ["a", "b"] for conflict in conflicts)
