from __future__ import annotations

from modpkg.openpgp.inspect import parse_public_keys

LISTING = """\
pub:-:255:22:E1207C21717E8EDE:1795346756:1795446756::-:::scSC:::::ed25519:::0:
fpr:::::::::EB48433E204EC3D58464A31AE1207C21717E8EDE:
uid:-::::1795346756::CB738483E80287A51BA2C9978BD5BD31639A6474::a <a@x.invalid>::::::::::0:
sig:?::22:E1207C21717E8EDE:1795346756::::[User ID not found]:13x::EB48433E204EC3D58464A31AE1207C21717E8EDE:::8:
pub:-:4096:1:2565F4301EB9EAA5:1600000000:::-:::scSC:::::::0:
fpr:::::::::C0909ACC2BAEADAD849E18AC2565F4301EB9EAA5:
uid:-::::1600000000::EE9B90865E0BEA85F628908B6BD8FB1F8D01465D::b <b@x.invalid>::::::::::0:
sig:?::1:2565F4301EB9EAA5:1700000000::::[User ID not found]:13x::C0909ACC2BAEADAD849E18AC2565F4301EB9EAA5:::2:
sig:?::1:2565F4301EB9EAA5:1600000000::::[User ID not found]:13x::C0909ACC2BAEADAD849E18AC2565F4301EB9EAA5:::8:
sig:?::22:E1207C21717E8EDE:1800000000::::[User ID not found]:10x::EB48433E204EC3D58464A31AE1207C21717E8EDE:::8:
"""


def test_keys_tell_their_strength_their_end_and_their_digests() -> None:
    one, two = parse_public_keys(LISTING)
    assert (one.fingerprint, one.owner) == ("EB48433E204EC3D58464A31AE1207C21717E8EDE", "a <a@x.invalid>")
    assert (one.algorithm, one.bits, one.created, one.expires) == ("eddsa", 255, 1795346756, 1795446756)
    assert (two.algorithm, two.bits, two.expires) == ("rsa", 4096, None)
    assert one.digests == (8,)


def test_the_newest_self_signature_decides_and_others_do_not_count() -> None:
    one, two = parse_public_keys(LISTING)
    assert one.is_sound
    assert two.digests == (8, 2)
    assert not two.is_sound


def test_a_key_without_a_self_signature_is_not_sound() -> None:
    lines = [line for line in LISTING.splitlines() if not line.startswith("sig:")]
    assert not any(key.is_sound for key in parse_public_keys("\n".join(lines)))


def test_there_are_no_keys_in_an_empty_listing() -> None:
    assert list(parse_public_keys("")) == []
