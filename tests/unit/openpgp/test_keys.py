from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.openpgp.keys import Key, dearmored, faked_time, find_key, gpg, parse_keys

if TYPE_CHECKING:
    from pathlib import Path

LISTING = """\
sec:u:4096:1:36AB91E92656AFD4:1600000000:::u:::scSC:::+:::23::0:
fpr:::::::::10A5B1F1AA22042CF99ED68936AB91E92656AFD4:
uid:u::::1600000000::4750A3C2C279BD040E68B9AE99660528985A10C7::first <a@example.invalid>::::::::::0:
sec:e:4096:1:46AB91E92656AFD4:1600000000:1600000001::u:::sc:::+:::23::0:
fpr:::::::::20A5B1F1AA22042CF99ED68936AB91E92656AFD4:
uid:e::::1600000000::::expired <a@example.invalid>::::::::::0:
sec:u:255:22:56AB91E92656AFD4:1700000000:::u:::cC:::+:::23::0:
fpr:::::::::30A5B1F1AA22042CF99ED68936AB91E92656AFD4:
uid:u::::1600000000::::certifies only <a@example.invalid>::::::::::0:
sec:u:4096:1:66AB91E92656AFD4:1700000000:::u:::scESC:::+:::23::0:
fpr:::::::::40A5B1F1AA22042CF99ED68936AB91E92656AFD4:
uid:u::::1700000000::::last <b@example.invalid>::::::::::0:
ssb:u:4096:1:76AB91E92656AFD4:1700000000::::::e:::+:::23:
fpr:::::::::50A5B1F1AA22042CF99ED68936AB91E92656AFD4:
"""


def armor(content: bytes, *, checksum: str = "=abcd") -> str:
    body = base64.encodebytes(content).decode()
    return f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{body}{checksum}\n-----END PGP PUBLIC KEY BLOCK-----\n"


def test_keys_that_cannot_sign_are_left_out() -> None:
    assert list(parse_keys(LISTING)) == [
        Key(
            fingerprint="10A5B1F1AA22042CF99ED68936AB91E92656AFD4",
            owner="first <a@example.invalid>",
            created=1_600_000_000,
        ),
        Key(
            fingerprint="40A5B1F1AA22042CF99ED68936AB91E92656AFD4",
            owner="last <b@example.invalid>",
            created=1_700_000_000,
        ),
    ]


def test_no_keys_in_an_empty_listing() -> None:
    assert list(parse_keys("tru::1:1600000000:0:3:1:5\n")) == []


def test_a_home_that_does_not_exist_has_no_key_and_is_not_made(tmp_path: Path) -> None:
    assert find_key(tmp_path / "none") is None
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("size", [1, 2, 3, 48, 500])
def test_armor_is_taken_off(size: int) -> None:
    content = bytes(range(256)) * 2
    assert dearmored(armor(content[:size])) == content[:size]


def test_several_armored_keys_are_one_ring() -> None:
    assert dearmored(armor(b"one") + "\n" + armor(b"two").replace("\n", "\r\n")) == b"onetwo"


def test_armor_headers_are_skipped() -> None:
    text = armor(b"key").replace("BLOCK-----\n\n", "BLOCK-----\nComment: x\nVersion: 2\n\n", 1)
    assert dearmored(text) == b"key"


@pytest.mark.parametrize("text", ["", "hello", armor(b"key").replace("a2V5", "a*V5")])
def test_what_is_not_armor_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="not an ASCII-armored OpenPGP key"):
        dearmored(text)


def test_every_call_says_the_home_and_asks_nothing(tmp_path: Path) -> None:
    assert gpg(tmp_path)[:3] == ("gpg", "--homedir", str(tmp_path))
    assert {"--batch", "--no-tty"} <= set(gpg(tmp_path))


def test_the_faked_clock_stands_still() -> None:
    assert faked_time(12) == ("--faked-system-time", "12!")


def test_a_key_tells_when_it_ends_and_by_what_it_is_bound() -> None:
    sig = "sig:::1:36AB91E92656AFD4:1600000000::::x:13x::10A5B1F1AA22042CF99ED68936AB91E92656AFD4:::{}:\n"
    listing = LISTING.replace("1600000000:::u", "1600000000:1900000000::u", 1)
    listing = listing.replace("sec:e", sig.format(2) + "sec:e", 1)
    weak, _ = parse_keys(listing)
    assert (weak.expires, weak.digest, weak.is_weak) == (1_900_000_000, 2, True)
    sound, _ = parse_keys(listing.replace(":::2:\n", ":::8:\n"))
    assert (sound.digest, sound.is_weak) == (8, False)


def test_expired_keys_are_given_to_whoever_asks_for_them() -> None:
    found = [key.fingerprint[0] for key in parse_keys(LISTING, unusable="dir")]
    assert found == ["1", "2", "4"]
