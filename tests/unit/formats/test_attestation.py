import base64
import json

import pytest

from modpkg.formats.attestation import PAYLOAD_TYPE, Envelope, Signature, Statement, signed_text

STATEMENT = Statement(
    subjects={"root.squashfs": "a" * 64, "initrd": "b" * 64},
    predicate_type="https://example.org/kind/v1",
    predicate={"name": "M\u00fcnge"},
)


def test_a_statement_has_the_fields_of_in_toto_and_is_ascii() -> None:
    value = json.loads(STATEMENT.to_text().encode("ascii"))
    assert value == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "initrd", "digest": {"sha256": "b" * 64}},
            {"name": "root.squashfs", "digest": {"sha256": "a" * 64}},
        ],
        "predicateType": "https://example.org/kind/v1",
        "predicate": {"name": "M\u00fcnge"},
    }


def test_a_statement_is_read_as_it_was_written() -> None:
    assert Statement.parse(STATEMENT.to_text().encode()) == STATEMENT


def test_fields_that_nobody_knows_are_ignored() -> None:
    value = json.loads(STATEMENT.to_text())
    value["more"] = 1
    value["subject"][0]["mediaType"] = "x"
    assert Statement.parse(json.dumps(value).encode()) == STATEMENT


def test_what_is_signed_is_that_of_the_protocol() -> None:
    # The example of the protocol's own text.
    assert (
        signed_text("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_lengths_are_those_of_bytes() -> None:
    assert signed_text("\u00e9", "\u00e9\u00e9".encode()) == "DSSEv1 2 \u00e9 4 \u00e9\u00e9".encode()


def test_an_envelope_is_read_as_it_was_written() -> None:
    envelope = Envelope(
        payload=b"\xff\xfe\xfd",
        payload_type=PAYLOAD_TYPE,
        signatures=(Signature(key="k", content=b"\xfb\xff"),),
    )
    assert Envelope.parse(envelope.to_text().encode()) == envelope
    assert envelope.signed == signed_text(PAYLOAD_TYPE, b"\xff\xfe\xfd")


def test_both_alphabets_of_base64_and_a_missing_key_are_read() -> None:
    value = {"payload": "__79", "payloadType": "t", "signatures": [{"sig": "-_8="}]}
    found = Envelope.parse(json.dumps(value).encode())
    assert found.payload == base64.b64decode("//79")
    assert found.signatures == (Signature(key="", content=b"\xfb\xff"),)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not an object"),
        (b"{}", "it has no signatures"),
        (b'{"signatures": []}', "it has no signatures"),
        (b'{"signatures": [1]}', "not objects"),
        (b'{"signatures": [{"sig": "YQ=="}]}', "it has no payload"),
        (b'{"payload": "YQ==", "signatures": [{}]}', "it has no sig"),
        (b'{"payload": "!", "signatures": [{"sig": "YQ=="}]}', "its payload is not base64"),
    ],
)
def test_what_is_no_envelope_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Envelope.parse(content)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"_type": "https://in-toto.io/Statement/v0.1"}, "v0.1"),
        ({"subject": []}, "it has no subject"),
        ({"subject": [{"name": "x"}]}, "a subject has no name or no sha256"),
        ({"subject": [{"name": "x", "digest": {"sha256": "a"}}]}, "a subject has no name or no sha256"),
        ({"subject": [1]}, "a subject has no name or no sha256"),
        ({"predicate": []}, "its predicate is not an object"),
    ],
)
def test_what_is_no_statement_is_refused(change: dict[str, object], reason: str) -> None:
    value = {**json.loads(STATEMENT.to_text()), **change}
    with pytest.raises(ValueError, match=reason):
        Statement.parse(json.dumps(value).encode())
