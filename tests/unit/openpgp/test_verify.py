from __future__ import annotations

import pytest

from modpkg.openpgp.verify import SignatureError, judge

ONE, TWO = "1" * 40, "2" * 40


def signature(word: str, key: str = ONE, *, digest: int = 8, valid: bool = False) -> str:
    lines = ["[GNUPG:] NEWSIG", f"[GNUPG:] {word} {key[-16:]} somebody <s@example.invalid>"]
    if valid or word == "GOODSIG":
        lines.append(f"[GNUPG:] VALIDSIG {key} 2026-11-22 1795346757 0 4 0 22 {digest} 01 {key}")
    return "".join(f"{line}\n" for line in lines)


def test_a_good_signature_names_its_signer() -> None:
    assert judge(signature("GOODSIG")) == ONE


@pytest.mark.parametrize("order", [1, -1])
def test_a_second_signature_by_an_unknown_key_does_no_harm(order: int) -> None:
    both = [signature("NO_PUBKEY", ONE), signature("GOODSIG", TWO)][::order]
    assert judge("".join(both)) == TWO


def test_the_second_key_may_have_expired() -> None:
    assert judge(signature("EXPKEYSIG", ONE, valid=True) + signature("GOODSIG", TWO)) == TWO


def test_a_bad_signature_beside_a_good_one_is_refused() -> None:
    with pytest.raises(SignatureError, match="does not belong to its signature"):
        judge(signature("GOODSIG", ONE) + signature("BADSIG", TWO))


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("NO_PUBKEY", "a key that is not in the key ring"),
        ("BADSIG", "does not belong to its signature"),
        ("EXPKEYSIG", "its key has expired"),
        ("REVKEYSIG", "its key was revoked"),
        ("EXPSIG", "its signature has expired"),
    ],
)
def test_no_good_signature_is_refused_with_the_reason(word: str, reason: str) -> None:
    with pytest.raises(SignatureError, match=reason):
        judge(signature(word, valid=word in {"EXPKEYSIG", "REVKEYSIG", "EXPSIG"}))


@pytest.mark.parametrize("digest", [1, 2, 3])
def test_a_signature_of_a_weak_digest_is_refused(digest: int) -> None:
    with pytest.raises(SignatureError, match="weak digest"):
        judge(signature("GOODSIG", digest=digest))


@pytest.mark.parametrize("status", ["", "gpgv: no valid OpenPGP data found.\n", "[GNUPG:] NEWSIG\n"])
def test_silence_is_no_signature(status: str) -> None:
    with pytest.raises(SignatureError, match="no good signature"):
        judge(status)


def test_a_name_cannot_say_that_a_signature_is_good() -> None:
    hostile = signature("BADSIG").replace("somebody", "[GNUPG:] GOODSIG")
    with pytest.raises(SignatureError, match="does not belong"):
        judge(hostile)
