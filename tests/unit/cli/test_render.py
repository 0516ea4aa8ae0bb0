import json
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import pytest

from modpkg.cli.render import FOR_PEOPLE, label, seconds, size, to_data, to_text
from modpkg.model.document import Record


class Kind(Enum):
    DEB = "deb"


class Words(str, Enum):  # noqa: UP042 - a str that is an enum, as older libraries have it
    ONE = "one"


class Document(Record):
    path: Path
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    name: str
    packages: int
    fragment_sha256: str
    fragment_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    image: str
    is_signed: bool
    boot: str | None
    modules: tuple[Built, ...]
    notes: tuple[str, ...] = ()


CORE = Built(name="core", packages=120, fragment_sha256="ab" * 32, fragment_bytes=44_000_000, seconds=61.26)
NFS = Built(name="nfs", packages=3, fragment_sha256="cd" * 32, fragment_bytes=900, seconds=1.5)
REPORT = Report(image="compute", is_signed=True, boot=None, modules=(CORE, NFS))


def test_every_kind_of_value_becomes_json() -> None:
    value = {
        "report": REPORT,
        "document": Document(path=Path("/a"), kind=Kind.DEB),
        "set": {"b", "a"},
        "words": Words.ONE,
        Path("/key"): (1, 2.5, None, True),
    }
    data = json.loads(json.dumps(to_data(value)))
    assert data["report"]["modules"][0] == {
        "name": "core",
        "packages": 120,
        "fragment_sha256": "ab" * 32,
        "fragment_bytes": 44_000_000,
        "seconds": 61.26,
    }
    assert data["document"] == {"path": "/a", "kind": "deb"}
    assert data["set"] == ["a", "b"]
    assert data["words"] == "one"
    assert data["/key"] == [1, 2.5, None, True]


def test_the_order_of_fields_is_that_of_the_result() -> None:
    assert list(to_data(REPORT)) == ["image", "is_signed", "boot", "modules", "notes"]


def test_a_result_is_shown_with_units_and_tables() -> None:
    assert to_text(REPORT).splitlines() == [
        "image:     compute",
        "is signed: yes",
        "boot:      -",
        "modules:",
        "  name  packages  fragment sha256  fragment bytes  seconds",
        "  core       120  abababababab            44.0 MB   61.3 s",
        "  nfs          3  cdcdcdcdcdcd              900 B   1.50 s",
        "notes:",
        "  none",
    ]


def test_a_digest_beside_its_name_is_shown_whole() -> None:
    assert to_text(CORE).splitlines()[2] == f"fragment sha256: {'ab' * 32}"


def test_objects_inside_objects_are_indented() -> None:
    shown = to_text({"image": {"name": "compute", "layers": ["core", "nfs"]}})
    assert shown.splitlines() == ["image:", "  name: compute", "  layers:", "    core", "    nfs"]


def test_a_cell_with_several_values_stays_on_its_line() -> None:
    rows = [{"a": ["x", "y"], "b": {"k": 1}}, {"a": [], "b": {}}]
    assert to_text(rows).splitlines() == ["a     b", "x, y  k=1", "-     -"]


def test_rows_may_lack_columns() -> None:
    assert to_text([{"a": 1}, {"b": "x"}]).splitlines() == ["a  b", "1  -", "-  x"]


@pytest.mark.parametrize(("value", "text"), [(None, ""), ("two\nlines", "two\nlines"), ([], ""), (5, "5")])
def test_small_results_are_shown_as_they_are(value: object, text: str) -> None:
    assert to_text(value) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_999, "1.0 MB"),
        (150_000_000, "150.0 MB"),
        (2_500_000_000_000_000, "2500.0 TB"),
    ],
)
def test_sizes_are_in_the_largest_fitting_unit(number: int, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.004, "0.00 s"),
        (9.994, "9.99 s"),
        (10, "10.0 s"),
        (119.9, "119.9 s"),
        (600, "10 min 0 s"),
        (7199, "119 min 59 s"),
        (7200, "2 h"),
        (172_800, "2 days"),
    ],
)
def test_times_are_as_exact_as_one_can_use_them(number: float, text: str) -> None:
    assert seconds(number) == text


def test_the_words_of_a_field() -> None:
    assert label("multi_user_seconds") == "multi user seconds"


def test_a_path_is_shown_whole_and_never_in_a_table() -> None:
    path = Path("/build/packages/core_12.0.3-41_amd64.deb")
    assert to_text({"deb": path}) == f"deb: {path}"
    assert to_text([{"deb": path, "name": "core"}, {"deb": None, "name": "nfs"}]).splitlines() == [
        "name",
        "core",
        "nfs",
        "deb:",
        f"  {path}",
    ]
    assert to_text([{"deb": path}]).splitlines() == ["deb:", f"  {path}"]


def test_rows_with_long_lists_are_shown_one_below_the_other() -> None:
    rows = [
        {"channel": "testing", "modules": ["core 12.0.3-41", "kernel 6.1.90-7", "nfs"]},
        {"channel": "stable", "modules": []},
    ]
    assert to_text(rows).splitlines() == [
        "channel: testing",
        "modules:",
        "  core 12.0.3-41",
        "  kernel 6.1.90-7",
        "  nfs",
        "",
        "channel: stable",
        "modules:",
        "  none",
    ]


def test_a_list_of_mixed_values_is_a_line_each() -> None:
    assert to_text([1.5, ["a", "b"], None]).splitlines() == ["1.50", "a, b", "-"]


def test_fields_for_people_are_in_the_text_alone() -> None:
    @dataclass(frozen=True)
    class Outcome:
        name: str
        remark: str = field(metadata=FOR_PEOPLE)

    outcome = Outcome("compute", "as expected")
    assert to_data(outcome) == {"name": "compute"}
    assert to_data({"all": [outcome]}, for_text=True)["all"][0] == {
        "name": "compute",
        "remark": "as expected",
    }
    assert to_text([outcome]).splitlines() == ["name     remark", "compute  as expected"]


def test_keys_that_are_paths_are_shown_as_they_are() -> None:
    assert to_text({"a_b": {"usr/lib/x86_64-linux-gnu": 1}}).splitlines() == [
        "a_b:",
        "  usr/lib/x86_64-linux-gnu: 1",
    ]
