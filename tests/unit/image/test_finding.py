from modpkg.errors import EXIT_BAD_INPUT
from modpkg.image.finding import CheckError, Finding, finding_of
from modpkg.rootfs.state.conflict import Conflict, Side

SIDES = (Side("core", "1"), Side("ib", "2"))


def test_an_error_lists_each_finding_once_with_both_sides() -> None:
    findings = [
        Finding(about="/usr/bin/b", what="mode differ", sides=SIDES, hint="do this"),
        Finding(about="/usr/bin/a", what="content differ", sides=SIDES),
        Finding(about="/usr/bin/a", what="content differ", sides=SIDES),
    ]
    error = CheckError(findings)
    assert str(error) == (
        "cannot make an image of these modules: 2 findings\n"
        "    /usr/bin/a: content differ\n"
        "      core has 1\n"
        "      ib has 2\n"
        "    /usr/bin/b: mode differ\n"
        "      core has 1\n"
        "      ib has 2\n"
        "      hint: do this"
    )
    assert error.exit_code == EXIT_BAD_INPUT


def test_a_conflict_of_state_becomes_a_finding() -> None:
    conflict = Conflict(database="etc/group", subject="group id 108", sides=SIDES)
    assert finding_of(conflict) == Finding(about="/etc/group", what="group id 108 differs", sides=SIDES)
