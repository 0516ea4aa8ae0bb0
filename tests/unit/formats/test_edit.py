from __future__ import annotations

from pathlib import Path

import pytest

from modpkg.errors import BadInputError, DocumentError
from modpkg.formats.documents import load_changelog
from modpkg.formats.edit import add_entry, bind_entry, quoted
from modpkg.formats.yaml import parse
from modpkg.host.files import digest_file
from modpkg.model.changelog import Entry

BASE = Path(__file__).parents[2] / "golden/documents/base/recipes/modules/slurm/changelog.yaml"
ENTRY = Entry(
    version="22.5.8-3",
    date="2024-07-01T12:00:00Z",
    author="Ann Example <ann@example.org>",
    urgency="low",
    changes=("Take munge", 'Say "hello": to all # nodes'),
    inputs={"bookworm": "sha256:" + "1" * 64},
)
ADDED = f"""\
  - version: "22.5.8-3"
    date: "2024-07-01T12:00:00Z"
    author: "Ann Example <ann@example.org>"
    urgency: low
    changes:
      - Take munge
      - "Say \\"hello\\": to all # nodes"
    inputs:
      bookworm: sha256:{"1" * 64}
"""


@pytest.fixture
def changelog(tmp_path: Path) -> Path:
    path = tmp_path / "changelog.yaml"
    path.write_bytes(BASE.read_bytes())
    return path


def test_the_entry_is_put_on_top_and_the_rest_stays_as_it_is(changelog: Path) -> None:
    before = changelog.read_text()
    receipt = add_entry(changelog, ENTRY)
    after = changelog.read_text()
    head = "# Releases of slurm\nentries:\n  # newest first\n"
    assert after == head + ADDED + before.removeprefix(head)
    assert load_changelog(changelog).newest == ENTRY
    assert receipt.sha256 == digest_file(changelog)


def test_entries_without_indent(changelog: Path) -> None:
    lines = BASE.read_text().splitlines(keepends=True)
    changelog.write_text("".join(line.removeprefix("  ") for line in lines))
    add_entry(changelog, ENTRY)
    assert '\n- version: "22.5.8-3"\n  date:' in changelog.read_text()


FLOW = """\
entries: [{version: "22.5.8-1", date: "2024-06-01T12:00:00Z", author: A <a@b>, changes: [x]}]
"""
DASH_ALONE = """\
entries:
  -
    version: "22.5.8-1"
    date: "2024-06-01T12:00:00Z"
    author: A <a@b>
    changes: [x]
"""


@pytest.mark.parametrize("text", [FLOW, DASH_ALONE])
def test_another_layout_is_refused_and_nothing_is_written(changelog: Path, text: str) -> None:
    changelog.write_text(text)
    second = ENTRY.model_copy(update={"version": "22.5.8-2"})
    with pytest.raises(BadInputError, match="the entries are not a list with a dash for each"):
        add_entry(changelog, second)
    assert changelog.read_text() == text


@pytest.mark.parametrize(
    "change", [{"version": "22.5.8-4"}, {"version": "22.5.7-3"}, {"date": "2024-06-01T12:00:00Z"}]
)
def test_an_entry_that_does_not_follow_is_refused(changelog: Path, change: dict[str, str]) -> None:
    before = changelog.read_bytes()
    with pytest.raises(DocumentError):
        add_entry(changelog, ENTRY.model_copy(update=change))
    assert changelog.read_bytes() == before


def test_a_faulty_changelog_is_not_touched(changelog: Path) -> None:
    changelog.write_text("entries: [\n")
    with pytest.raises(DocumentError):
        add_entry(changelog, ENTRY)
    assert changelog.read_text() == "entries: [\n"


def test_the_mode_of_the_file_stays(changelog: Path) -> None:
    changelog.chmod(0o664)
    add_entry(changelog, ENTRY)
    assert changelog.stat().st_mode & 0o777 == 0o664


@pytest.mark.parametrize(
    ("text", "scalar"),
    [
        ("First release", "First release"),
        ("true", '"true"'),
        ("1.10", '"1.10"'),
        ("- a", '"- a"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("a ", '"a "'),
        ("a", '"a"'),
        ("ä", '"ä"'),
        ("a\nb", '"a\\nb"'),
        ("a\x85b\u2028", '"a\\u0085b\\u2028"'),
    ],
)
def test_text_is_quoted_where_it_has_to_be(text: str, scalar: str) -> None:
    assert quoted(text) == scalar
    assert parse(f"[{scalar}]", file="f").value == (text,)


INPUTS = "sha256:" + "2" * 64
DRAFT = """\
# Releases
entries:
  - version: "22.5.8-2"
    date: "2024-06-01T12:00:00Z"
    author: "Ann Example <ann@example.org>"
    changes: [Second]   # a word

  # the first one
  - version: "22.5.8-1"
    date: "2024-05-01T12:00:00Z"
    author: "Ann Example <ann@example.org>"
    changes: [First release]
"""
BOUND = f"    inputs:\n      bookworm: {INPUTS}\n"
ONE = """\
entries:
- version: "22.5.8-1"
  date: "2024-05-01T12:00:00Z"
  author: "Ann Example <ann@example.org>"
  changes:
    - First release
"""


def test_the_newest_entry_gets_its_inputs_and_the_rest_stays(changelog: Path) -> None:
    changelog.write_text(DRAFT)
    receipt = bind_entry(changelog, "bookworm", INPUTS)
    head, rest = DRAFT.split("\n\n")
    assert changelog.read_text() == f"{head}\n{BOUND}\n{rest}"
    newest, older = load_changelog(changelog).entries
    assert (newest.inputs, older.inputs) == ({"bookworm": INPUTS}, {})
    assert receipt.sha256 == digest_file(changelog)


def test_an_entry_that_is_the_only_one(changelog: Path) -> None:
    changelog.write_text(ONE)
    bind_entry(changelog, "bookworm", INPUTS)
    assert changelog.read_text() == f"{ONE}  inputs:\n    bookworm: {INPUTS}\n"


@pytest.mark.parametrize("end", ["", "\n", "\n\n\n", "\n# the end\n", "\n  # indented\n\n"])
def test_what_stands_at_the_end_of_the_file_stays_there(changelog: Path, end: str) -> None:
    changelog.write_text(ONE.rstrip("\n") + end)
    bind_entry(changelog, "bookworm", INPUTS)
    text = changelog.read_text()
    assert text.endswith(f"    bookworm: {INPUTS}{end}")
    assert load_changelog(changelog).newest.inputs == {"bookworm": INPUTS}


def test_other_platforms_stay_beside_the_new_one(changelog: Path) -> None:
    other = "sha256:" + "3" * 64
    changelog.write_text(ONE + f"  inputs:\n      # of the newer one\n      trixie: {other}   # mine\n")
    bind_entry(changelog, "bookworm", INPUTS)
    assert load_changelog(changelog).newest.inputs == {"trixie": other, "bookworm": INPUTS}
    assert f"      trixie: {other}   # mine\n" in changelog.read_text()


def test_inputs_in_the_middle_of_an_entry(changelog: Path) -> None:
    other = "sha256:" + "3" * 64
    before = ONE.replace("  changes:", f"  inputs:\n    trixie: {other}\n  changes:")
    changelog.write_text(before)
    bind_entry(changelog, "bookworm", INPUTS)
    assert load_changelog(changelog).newest.inputs == {"trixie": other, "bookworm": INPUTS}
    assert load_changelog(changelog).newest.changes == ("First release",)


def test_an_entry_that_is_bound_is_never_bound_again(changelog: Path) -> None:
    changelog.write_text(DRAFT)
    bind_entry(changelog, "bookworm", INPUTS)
    before = changelog.read_bytes()
    with pytest.raises(BadInputError) as caught:
        bind_entry(changelog, "bookworm", "sha256:" + "4" * 64)
    assert str(caught.value) == f"{changelog}: cannot bind 22.5.8-2: it is released for bookworm"
    assert changelog.read_bytes() == before


def test_an_older_entry_that_is_bound_is_no_hindrance(changelog: Path) -> None:
    changelog.write_text(DRAFT + BOUND)
    bind_entry(changelog, "bookworm", INPUTS)
    assert [set(entry.inputs) for entry in load_changelog(changelog).entries] == [{"bookworm"}] * 2


LAYOUTS = {
    "flow": FLOW,
    "inputs in braces": ONE + "  inputs: {}\n",
    "platform in braces": ONE + f"  inputs: {{trixie: {INPUTS}}}\n",
}


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_layout_that_cannot_be_added_to_is_refused_and_left_as_it_is(changelog: Path, text: str) -> None:
    changelog.write_text(text)
    with pytest.raises(BadInputError) as caught:
        bind_entry(changelog, "bookworm", INPUTS)
    assert "cannot bind the newest entry" in str(caught.value)
    assert "on lines of their own" in caught.value.hint
    assert changelog.read_text() == text


def test_a_dash_alone_is_a_layout_that_can_be_added_to(changelog: Path) -> None:
    changelog.write_text(DASH_ALONE)
    bind_entry(changelog, "bookworm", INPUTS)
    assert changelog.read_text() == f"{DASH_ALONE}    inputs:\n      bookworm: {INPUTS}\n"


def test_inputs_that_are_no_digest_are_refused(changelog: Path) -> None:
    changelog.write_text(ONE)
    with pytest.raises(BadInputError):
        bind_entry(changelog, "bookworm", "sha256:x")
    assert changelog.read_text() == ONE


def test_a_faulty_changelog_is_not_bound(changelog: Path) -> None:
    changelog.write_text("entries: [\n")
    with pytest.raises(DocumentError):
        bind_entry(changelog, "bookworm", INPUTS)
    assert changelog.read_text() == "entries: [\n"


def test_binding_keeps_the_mode(changelog: Path) -> None:
    changelog.write_text(ONE)
    changelog.chmod(0o600)
    bind_entry(changelog, "bookworm", INPUTS)
    assert changelog.stat().st_mode & 0o777 == 0o600


def test_a_text_over_several_lines_is_not_cut(changelog: Path) -> None:
    text = ONE.replace("    - First release\n", "    - |\n      First\n\n      # no comment\n")
    changelog.write_text(text)
    bind_entry(changelog, "bookworm", INPUTS)
    newest = load_changelog(changelog).newest
    assert newest.changes == ("First\n\n# no comment\n",)
    assert newest.inputs == {"bookworm": INPUTS}
