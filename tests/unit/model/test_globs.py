from __future__ import annotations

import pytest

from modpkg.model.globs import glob_pattern


@pytest.mark.parametrize(
    ("glob", "matched", "others"),
    [
        (
            "/usr/share/doc/*",
            ["/usr/share/doc/a", "/usr/share/doc/.b", "/usr/share/doc/"],
            ["/usr/share/doc/a/b"],
        ),
        (
            "/usr/share/doc/**",
            ["/usr/share/doc/a", "/usr/share/doc/a/b/c"],
            ["/usr/share/doc", "/usr/share/docs/a"],
        ),
        ("/usr/**/x", ["/usr/a/x", "/usr/a/b/x"], ["/usr/a/y", "/x"]),
        ("/a?c", ["/abc", "/a?c"], ["/ac", "/a/c", "/abbc"]),
        ("/a*c", ["/ac", "/abbbc"], ["/a/c"]),
        ("/a.b", ["/a.b"], ["/axb"]),
        ("/[ab]", ["/[ab]"], ["/a", "/b"]),
        ("/a+(b|c)$", ["/a+(b|c)$"], ["/aab"]),
        ("/**", ["/", "/a", "/a/b"], [""]),
        ("/***", ["/a/b"], []),
    ],
)
def test_a_glob_matches_a_path_whole(glob: str, matched: list[str], others: list[str]) -> None:
    pattern = glob_pattern([glob])
    assert [path for path in matched if not pattern.fullmatch(path)] == []
    assert [path for path in others if pattern.fullmatch(path)] == []


def test_no_globs_match_nothing() -> None:
    assert not glob_pattern([]).fullmatch("")
    assert not glob_pattern([]).fullmatch("/a")


def test_several_globs_are_alternatives() -> None:
    pattern = glob_pattern(["/a", "/b*"])
    assert [bool(pattern.fullmatch(path)) for path in ("/a", "/bc", "/ab")] == [True, True, False]


@pytest.mark.parametrize("name", ["two\nlines", "\n", "a\r\nb"])
def test_a_line_break_in_a_name_is_a_letter_like_others(name: str) -> None:
    assert glob_pattern(["/doc/**"]).fullmatch(f"/doc/{name}/x")
    assert glob_pattern(["/doc/*"]).fullmatch(f"/doc/{name}")
