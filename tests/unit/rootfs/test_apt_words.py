"""What apt says becomes what to do."""

from __future__ import annotations

import pytest

from modpkg.rootfs.apt_words import resolve_error, update_error


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("E: write: No space left on device", "the disk is full"),
        ("E: Release file for x is expired (invalid since 1d)", "expired"),
        ("E: Release file for x is not valid yet (invalid for", "of a time to come"),
        ("W: GPG error: EXPKEYSIG 1\nE: The repository 'x' is not signed.", "not signed by a key"),
        ("W: GPG error: NO_PUBKEY 1\nE: The repository 'x' is not signed.", "not signed by a key"),
        ("W: OpenPGP: Sub-process sqv: Missing key 0\nE: not signed", "not signed by a key"),
        ("E: The repository 'x Release' is not signed.", "it is not signed"),
        ("E: Failed to fetch x  Hash Sum mismatch", "do not belong together"),
        ("E: The repository 'x Release' does not have a Release file.", "cannot find a suite"),
        ("E: Failed to fetch x  Could not connect to y", "cannot reach the mirror"),
        ("E: Failed to fetch x  Temporary failure resolving 'y'", "cannot reach the mirror"),
        ("E: something new", "cannot fetch the package lists"),
    ],
)
def test_updates(words: str, what: str) -> None:
    error = update_error(f"Hit:1 x\n{words}\n")
    assert what in error.what.splitlines()[0]
    assert error.what.splitlines()[1:] == [f"    {line}" for line in words.splitlines()]


def test_only_complaints_are_repeated_and_once() -> None:
    error = update_error("Err:1 x\n  404\nE: one\nE: one\nE: Some index files failed to download. They\n")
    assert error.what.splitlines()[1:] == ["    E: one"]


def test_what_does_not_fit_is_kept_without_noise() -> None:
    noise = "Reading package lists...\nBuilding dependency tree...\n"
    words = f"{noise}The following packages have:\n b : Depends: x\n"
    error = resolve_error("tool", words)
    assert error.what == (
        "cannot resolve the packages of module 'tool'\n    The following packages have:\n     b : Depends: x"
    )
