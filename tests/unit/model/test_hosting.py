from __future__ import annotations

import pytest

from modpkg.model.hosting import ASK, FOR_EVER, cache_control, content_type, upload_rank

ID = "ab" * 32
IN_ORDER = [
    ("pool/ab/abab/x_1.0.0-1_amd64.deb", f"inputs/{ID}/hello_2.10-3_amd64.deb"),
    (f"rpm/snap-{ID}/repodata/repomd.xml", f"dists/testing/main/binary-amd64/by-hash/SHA256/{ID}"),
    ("key.asc", "dists/testing/main/binary-amd64/Packages.gz", "changelogs/main/m/x/x_1_changelog"),
    ("dists/testing/InRelease", "rpm/testing.mirrorlist"),
]


@pytest.mark.parametrize("rank", range(4))
def test_what_names_others_is_uploaded_after_them_and_what_commits_last(rank: int) -> None:
    assert {upload_rank(path) for path in IN_ORDER[rank]} == {rank}


def test_what_is_written_once_is_kept_for_ever_and_nothing_else() -> None:
    for path in (*IN_ORDER[0], *IN_ORDER[1]):
        assert cache_control(path) == FOR_EVER
    for path in (
        *IN_ORDER[2],
        *IN_ORDER[3],
        "rpm/testing/repodata/repomd.xml",
        "x/pool/y",
        "rpm/snap-1/x",
        "x/inputs/y",
    ):
        assert cache_control(path) == ASK


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("pool/ab/x_1.0+b~c_all.deb", "application/vnd.debian.binary-package"),
        ("a/x.rpm", "application/x-rpm"),
        ("key.asc", "text/plain; charset=utf-8"),
        ("dists/testing/InRelease", "application/octet-stream"),
        (f"dists/testing/main/binary-amd64/by-hash/SHA256/{ID}", "application/octet-stream"),
    ],
)
def test_a_type_comes_from_the_ending(path: str, kind: str) -> None:
    assert content_type(path) == kind
