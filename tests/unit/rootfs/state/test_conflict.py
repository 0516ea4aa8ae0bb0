from modpkg.rootfs.state.conflict import Conflict, Side, StateError, disagreement


def test_agreement_is_no_conflict() -> None:
    assert disagreement("etc/group", "group a", []) == ()
    assert disagreement("etc/group", "group a", [("core", "a"), ("ib", "a")]) == ()


def test_a_disagreement_names_the_database_and_all_sides() -> None:
    (conflict,) = disagreement("etc/group", "group a", [("ib", "a:x:2:"), ("core", "a:x:1:"), ("zoo", None)])
    assert str(conflict) == ("etc/group: group a: core has 'a:x:1:', ib has 'a:x:2:', zoo has 'nothing'")


def test_an_error_holds_each_conflict_once_sorted() -> None:
    conflicts = [
        Conflict(database=name, subject="s", sides=(Side("core", "1"), Side("ib", "2"))) for name in "bab"
    ]
    error = StateError("cannot merge:", conflicts, hint="h")
    assert [conflict.database for conflict in error.conflicts] == ["a", "b"]
    assert str(error) == (
        "cannot merge:\n    a: s: core has '1', ib has '2'\n    b: s: core has '1', ib has '2'\n  hint: h"
    )
