from __future__ import annotations

import pytest

from modpkg.image.links import chain, resolve, target_of

LINES = {
    "lib": "symlink 0777 0 0 usr/lib",
    "usr": "dir 0755 0 0",
    "usr/lib": "dir 0755 0 0",
    "usr/lib/a.so": "symlink 0777 0 0 a.so.1",
    "usr/lib/a.so.1": "file 0644 0 0 1 x",
    "usr/lib/far.so": "symlink 0777 0 0 /lib/a.so",
    "usr/lib/up.so": "symlink 0777 0 0 ../../usr/lib/a%20b",
    "usr/lib/a b": "file 0644 0 0 1 x",
    "usr/lib/gone.so": "symlink 0777 0 0 nowhere",
    "circle": "symlink 0777 0 0 circle",
}


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("usr/lib/a.so.1", "usr/lib/a.so.1"),
        ("usr/lib/a.so", "usr/lib/a.so.1"),
        ("lib/a.so", "usr/lib/a.so.1"),
        ("usr/lib/far.so", "usr/lib/a.so.1"),
        ("usr/lib/up.so", "usr/lib/a b"),
        ("lib", "usr/lib"),
        ("usr/./lib/../lib", "usr/lib"),
        ("usr/lib/gone.so", None),
        ("circle", None),
        ("missing", None),
    ],
)
def test_links_are_followed_inside_the_image(path: str, end: str | None) -> None:
    assert resolve(path, LINES) == end


def test_a_target_is_told_of_links_alone() -> None:
    assert target_of(LINES["usr/lib/up.so"]) == "../../usr/lib/a b"
    assert target_of(LINES["usr"]) is None


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("usr/lib/a.so.1", ("usr/lib/a.so.1",)),
        ("usr/lib/a.so", ("usr/lib/a.so", "usr/lib/a.so.1")),
        ("usr/lib/up.so", ("usr/lib/up.so", "usr/lib/a b")),
        ("usr/lib/far.so", ("usr/lib/far.so", "lib", "usr/lib/a.so", "usr/lib/a.so.1")),
        ("lib", ()),
        ("usr/lib/gone.so", ()),
        ("nowhere", ()),
        ("circle", ()),
    ],
)
def test_all_links_on_the_way_are_told(path: str, found: tuple[str, ...]) -> None:
    assert chain(path, LINES.get) == found
