from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.rootfs.state.records import Database, added, merged, paths_in, read_text, shares_of, text_of


def name_of(record: str) -> str:
    return record.partition(":")[0]


def number_of(record: str) -> str:
    return record.partition(":")[2]


NUMBERS = Database(
    pattern="etc/numbers", what="name", key=name_of, order=number_of, identity=lambda r: f"id {number_of(r)}"
)
TRIPLES = Database(pattern="var/triples", what="triple", height=3)


def test_records_are_read_sorted_and_once() -> None:
    assert NUMBERS.parse("b:2\n\na:1\nb:2\n") == ("a:1", "b:2")
    assert NUMBERS.parse("") == ()


def test_a_record_can_have_more_lines_than_one() -> None:
    records = TRIPLES.parse("d\ne\nf\na\nb\nc\n")
    assert records == ("a\nb\nc", "d\ne\nf")
    assert text_of(records) == "a\nb\nc\nd\ne\nf\n"


def test_only_newlines_end_records() -> None:
    assert NUMBERS.parse("a:1\x0c2\u2028\n") == ("a:1\x0c2\u2028",)


def test_what_is_not_in_the_base_is_added() -> None:
    new, conflicts = added(NUMBERS, "etc/numbers", ["a:1", "b:2"], base=["a:1"], below="core", here="ib")
    assert (new, conflicts) == (("b:2",), ())


def test_a_changed_and_a_removed_record_of_the_base_are_conflicts() -> None:
    _, conflicts = added(NUMBERS, "etc/numbers", ["a:9"], base=["a:1", "c:3"], below="core", here="ib")
    assert [str(conflict) for conflict in conflicts] == [
        "etc/numbers: name a: core has 'a:1', ib has 'a:9'",
        "etc/numbers: name c: core has 'c:3', ib has 'nothing'",
    ]


def test_equal_records_of_two_modules_are_one() -> None:
    assert merged(NUMBERS, "etc/numbers", [("a", ("m:1",)), ("b", ("m:1", "n:2"))]) == (("m:1", "n:2"), ())


def test_one_name_with_two_numbers_and_one_number_with_two_names_are_conflicts() -> None:
    shares = [("ib", ("rdma:108", "m:1")), ("slurm", ("munge:108", "m:2"))]
    _, conflicts = merged(NUMBERS, "etc/numbers", shares)
    assert [str(conflict) for conflict in conflicts] == [
        "etc/numbers: name m: ib has 'm:1', slurm has 'm:2'",
        "etc/numbers: name id 108: ib has 'rdma:108', slurm has 'munge:108'",
    ]


def test_shares_come_in_the_order_of_modules() -> None:
    states = {"b": {"etc/x": ("2",)}, "a": {"etc/x": ("1",)}, "c": {"etc/y": ("3",)}}
    assert shares_of("etc/x", states) == [("a", ("1",)), ("b", ("2",))]


def test_paths_are_found_by_pattern_but_not_through_symlinks(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    for name in ("b", "a"):
        (tmp_path / "real" / name).touch()
    (tmp_path / "link").symlink_to("real")
    assert list(paths_in(tmp_path, "real/*")) == ["real/a", "real/b"]
    assert list(paths_in(tmp_path, "real/a")) == ["real/a"]
    assert list(paths_in(tmp_path, "link/*")) == []
    assert list(paths_in(tmp_path, "none/*")) == []


def test_a_database_that_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(ModpkgError, match="removes or replaces /passwd"):
        read_text(tmp_path, "passwd")


def test_a_database_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_bytes(b"m\xfcller:x:1:1:::\n")
    with pytest.raises(ModpkgError, match="not UTF-8"):
        read_text(tmp_path, "passwd")
