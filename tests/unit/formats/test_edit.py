from __future__ import annotations

from pathlib import Path

import pytest

from modpkg.errors import BadInputError, DocumentError
from modpkg.formats.documents import load_changelog
from modpkg.formats.edit import add_entry, quoted
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
