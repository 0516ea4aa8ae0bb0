from pathlib import Path

import pytest

from modpkg.store.failures import (
    Download,
    Failure,
    FetchError,
    failure_lines,
    full_error,
    offline_error,
    together,
)
from modpkg.store.store import Store
from modpkg.store.transfer import Kind


def download(name: str, size: int = 100) -> Download:
    return Download(urls=("https://mirror.example/x",), sha256="a" * 64, size=size, name=f"debian:/{name}")


def failure(name: str, kind: Kind, detail: str) -> Failure:
    return Failure(download=download(name), kind=kind, detail=detail)


GONE = failure("a.deb", Kind.GONE, "404 Not Found")
WRONG = failure("b.deb", Kind.WRONG, "its size is 1 bytes, not 100")
REFUSED = failure("c.deb", Kind.REFUSED, "403 Forbidden")
DOWN = failure("d.deb", Kind.UNREACHABLE, "Connection refused")


def test_each_file_that_is_gone_wrong_or_refused_has_a_line() -> None:
    assert list(failure_lines([GONE, WRONG, REFUSED])) == [
        "debian:/a.deb: gone: 404 Not Found",
        "debian:/b.deb: not the locked file: its size is 1 bytes, not 100",
        "debian:/c.deb: refused: 403 Forbidden",
    ]


def test_a_mirror_that_is_down_is_one_fault_and_not_a_hundred() -> None:
    down = [failure(f"{number}.deb", Kind.UNREACHABLE, "Connection refused") for number in range(100)]
    assert list(failure_lines(down)) == [
        "100 files, such as debian:/0.deb: not reachable: Connection refused"
    ]


def test_one_file_of_a_mirror_that_is_down_is_named() -> None:
    assert list(failure_lines([DOWN])) == ["debian:/d.deb: not reachable: Connection refused"]


def test_different_reasons_are_told_apart() -> None:
    cut = failure("e.deb", Kind.CUT, "the connection ended")
    assert len(list(failure_lines([DOWN, cut, DOWN]))) == 2


def test_the_error_counts_and_tells_all() -> None:
    error = FetchError([GONE, DOWN], total=7)
    assert error.what == (
        "cannot fetch 2 of 7 files:\n"
        "    debian:/a.deb: gone: 404 Not Found\n"
        "    debian:/d.deb: not reachable: Connection refused"
    )
    assert error.gone == (GONE.download,)


@pytest.mark.parametrize(
    ("one", "hint"),
    [
        (GONE, "what is gone needs a renewed lock or an archive of snapshots"),
        (WRONG, "the mirror has other bytes than the lock says: try another mirror"),
        (REFUSED, "look at the address and the rights of the mirror"),
        (DOWN, "check the network and the mirror's address; run again, and it goes on where it was"),
    ],
)
def test_every_kind_has_its_way_out(one: Failure, hint: str) -> None:
    assert FetchError([one, one], total=2).hint == hint


def test_several_ways_out_are_all_told() -> None:
    assert FetchError([GONE, DOWN], total=2).hint.count("; ") == 2


def test_the_mirror_decides_the_kind_and_all_addresses_are_told() -> None:
    elsewhere = failure("a.deb", Kind.UNREACHABLE, "no route")
    assert together([GONE, elsewhere]) == failure("a.deb", Kind.GONE, "404 Not Found; elsewhere: no route")
    assert together([GONE]) == GONE


def test_offline_tells_what_is_not_there_in_order() -> None:
    error = offline_error([download("b.deb", 2_000_000), download("a.deb")])
    assert error.what == (
        "cannot go on offline: 2 files (2,000,100 bytes) are not in the store:\n    debian:/a.deb\n    debian:/b.deb"
    )
    assert offline_error([download("a.deb")]).what.startswith(
        "cannot go on offline: 1 file (100 bytes) is not"
    )


def test_a_full_disk_tells_how_much_is_still_to_come(tmp_path: Path) -> None:
    error = full_error(Store(tmp_path), [download("a.deb", 1_000_000), download("b.deb", 500)])
    assert error.where == str(tmp_path)
    assert error.hint.startswith("1,000,500 bytes are still to come, ")
    assert error.hint.endswith("make room or move it with MODPKG_STORE")


def test_no_address_is_told() -> None:
    texts = [str(FetchError([GONE, WRONG, DOWN], total=3)), str(offline_error([download("a.deb")]))]
    assert not any("mirror.example" in text for text in texts)
