import errno

import pytest

from modpkg.errors import BadInputError, DocumentError, ModpkgError, Problem, machine_error


def problem(message: str, *, line: int = 0, column: int = 0) -> Problem:
    return Problem(file="recipe.yaml", line=line, column=column, message=message)


def test_an_error_says_where_what_and_the_way_out() -> None:
    error = ModpkgError("cannot read it", where="core", hint="write it")
    assert str(error) == "core: cannot read it\n  hint: write it"
    assert str(ModpkgError("cannot read it")) == "cannot read it"


def test_errors_carry_the_exit_code() -> None:
    assert ModpkgError("x").exit_code == 1
    assert BadInputError("x").exit_code == 2
    assert DocumentError([]).exit_code == 2


def test_a_problem_shows_the_line_and_points_at_the_column() -> None:
    shown = Problem(
        file="r.yaml", line=2, column=10, message="no string", hint="quote it", source="version: 1.10"
    )
    assert str(shown).splitlines() == [
        "r.yaml:2:10: no string",
        "    version: 1.10",
        "             ^",
        "  hint: quote it",
    ]
    assert str(shown).splitlines()[2].index("^") == str(shown).splitlines()[1].index("1.10")


def test_a_problem_of_a_whole_file_has_no_line() -> None:
    assert str(problem("is missing")) == "recipe.yaml: is missing"


def test_all_problems_are_told_in_their_order_and_counted() -> None:
    error = DocumentError(
        [problem("third", line=10, column=1), problem("second", line=9, column=2), problem("first")]
    )
    assert str(error).splitlines() == [
        "recipe.yaml: first",
        "recipe.yaml:9:2: second",
        "recipe.yaml:10:1: third",
        "3 problems",
    ]


def test_one_problem_is_counted_as_one() -> None:
    assert str(DocumentError([problem("x")])).splitlines()[-1] == "1 problem"


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (OSError(errno.ENOSPC, "x", "/w/a"), "cannot write /w/a: No space left on device"),
        (OSError(errno.EDQUOT, "x", "/w/a"), "cannot write /w/a: Disk quota exceeded"),
        (OSError(errno.EROFS, "x", "/w/a"), "cannot write /w/a: Read-only file system"),
        (OSError(errno.EFBIG, "x", "/w/a"), "cannot write /w/a: File too large"),
        (OSError(errno.EACCES, "x", "/w/a"), "cannot use /w/a: Permission denied"),
        (OSError(errno.EPERM, "x", "/w/a"), "cannot use /w/a: Operation not permitted"),
        (OSError(errno.ENOTDIR, "x", "/w/a"), "cannot use /w/a: Not a directory"),
        (OSError(errno.EISDIR, "x", "/w/a"), "cannot use /w/a: Is a directory"),
        (OSError(errno.ENAMETOOLONG, "x", "/w/a"), "cannot use /w/a: File name too long"),
        (OSError(errno.EIO, "x", "/w/a"), "cannot use /w/a: Input/output error"),
        (OSError(errno.EMFILE, "x", "/w/a"), "cannot open /w/a: Too many open files"),
        (OSError(errno.ENOSPC, "x", "/from", None, "/to"), "cannot write /to: No space left on device"),
        (OSError(errno.ENOSPC, "x", b"/bytes\xff"), "cannot write /bytes\udcff: No space left on device"),
        (OSError(errno.ENOSPC, "x"), "cannot write a file: No space left on device"),
    ],
)
def test_what_the_machine_refuses_is_one_line_with_the_way_out(error: OSError, what: str) -> None:
    refused = machine_error(error)
    assert refused is not None
    assert (refused.what, refused.where, refused.exit_code) == (what, "", 1)
    assert refused.hint


@pytest.mark.parametrize("code", [errno.ENOENT, errno.EEXIST, errno.EINVAL, errno.EBADF])
def test_other_errors_of_the_machine_are_faults_of_modpkg(code: int) -> None:
    assert machine_error(OSError(code, "x", "/w/a")) is None


def test_an_error_without_a_number_is_a_fault_of_modpkg() -> None:
    assert machine_error(OSError("strange")) is None
