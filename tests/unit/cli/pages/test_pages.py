import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from modpkg.cli.pages.html import html_page
from modpkg.cli.pages.text import delta, markdown_page, quoted, text_page
from modpkg.cli.results.changes import diff_result
from tests.support.diffs import HOSTILE, make_diff

GOLDEN = Path(__file__).parents[3] / "golden" / "changes"
Golden = Callable[[Path, str], None]
RESULT = diff_result(make_diff(), files=True)


def test_the_text_says_what_it_means_first(golden: Golden) -> None:
    golden(GOLDEN / "diff.txt", text_page(RESULT) + "\n")


def test_the_ticket(golden: Golden) -> None:
    golden(GOLDEN / "diff.md", markdown_page(RESULT) + "\n")


def test_the_page(golden: Golden) -> None:
    golden(GOLDEN / "diff.html", html_page(RESULT) + "\n")


class Tags(HTMLParser):
    """Counts what is opened and closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.add(tag)
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_sound_and_strangers_write_no_tags_into_it() -> None:
    page = html_page(RESULT)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert "script" not in tags.seen
    assert "&lt;script&gt;alert(1)" in page
    assert 'name="viewport"' in page
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r"https?://|src=|<link", page)


def test_strangers_write_no_marks_into_a_ticket() -> None:
    page = markdown_page(RESULT)
    assert HOSTILE not in page
    assert r"\<script\>alert\(1\)\</script\> \| \*\*bold\*\*" in page
    rows = [line for line in page.splitlines() if line.startswith("| core ")]
    assert [row.count("|") for row in rows] == [5, 5]


def test_without_a_built_image_the_roots_are_not_compared() -> None:
    text = text_page(diff_result(make_diff(root=None), files=False))
    assert "root" not in text.splitlines()[1]
    assert "List of files" not in text


@pytest.mark.parametrize(("number", "text"), [(0, "+0 B"), (-1500, "-1.5 kB"), (2_000_000, "+2.0 MB")])
def test_differences_have_a_sign(number: int, text: str) -> None:
    assert delta(number) == text


def test_words_are_quoted_and_dashes_are_not() -> None:
    assert quoted("a-b_c.d") == r"a-b\_c.d"
    assert quoted("- a") == r"\- a"
