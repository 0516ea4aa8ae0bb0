"""Statements about files that others can check: in-toto's Statement v1 in a DSSE envelope. Signs nothing itself.

The statement is that of in-toto/attestation, spec/v1/statement.md; the envelope and what is signed of it (the
"pre-authentication encoding") are those of secure-systems-lab/dsse, envelope.md and protocol.md, version 1.0.
Fields that these do not name are ignored, as both ask their readers to.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from modpkg.formats.canonical import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is said (`predicate`, of the kind `predicate_type`) of files: {name: sha256}."""

    subjects: Mapping[str, str]
    predicate_type: str
    predicate: Mapping[str, Any]

    def to_text(self) -> str:
        """Give it as JSON in ASCII; equal statements are equal texts."""
        return canonical_json(
            {
                "_type": STATEMENT_TYPE,
                "subject": [
                    {"name": name, "digest": {"sha256": sha256}}
                    for name, sha256 in sorted(self.subjects.items())
                ],
                "predicateType": self.predicate_type,
                "predicate": dict(self.predicate),
            }
        )

    @classmethod
    def parse(cls, payload: bytes) -> Statement:
        """Read a statement; raises ValueError on anything else."""
        value = _object(payload, "the statement")
        if value.get("_type") != STATEMENT_TYPE:
            raise ValueError(f"it is {value.get('_type')!r}, not {STATEMENT_TYPE!r}")
        predicate = value.get("predicate", {})
        if not isinstance(predicate, dict):
            raise ValueError("its predicate is not an object")  # noqa: TRY004 - one kind of error for one fault
        return cls(
            subjects=dict(_subject(one) for one in _list(value, "subject")),
            predicate_type=str(value.get("predicateType", "")),
            predicate=predicate,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature: the hint which key made it, and its bytes."""

    key: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A payload with its signatures. Nothing in it is to be believed before they are checked."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]

    def to_text(self) -> str:
        """Give it as JSON."""
        return canonical_json(
            {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": self.payload_type,
                "signatures": [
                    {"keyid": one.key, "sig": base64.b64encode(one.content).decode()}
                    for one in self.signatures
                ],
            }
        )

    @classmethod
    def parse(cls, content: bytes) -> Envelope:
        """Read an envelope; raises ValueError on anything else."""
        value = _object(content, "the file")
        signatures = _list(value, "signatures")
        if not all(isinstance(one, dict) for one in signatures):
            raise ValueError("its signatures are not objects")
        return cls(
            payload=_bytes(value, "payload"),
            payload_type=str(value.get("payloadType", "")),
            signatures=tuple(
                Signature(key=str(one.get("keyid", "")), content=_bytes(one, "sig")) for one in signatures
            ),
        )

    @property
    def signed(self) -> bytes:
        """What its signatures are made of."""
        return signed_text(self.payload_type, self.payload)


def signed_text(payload_type: str, payload: bytes) -> bytes:
    """Give the text that is signed: type and payload, each after its length in bytes."""
    kind = payload_type.encode()
    return b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload])


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what} is not JSON") from error
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object")  # noqa: TRY004 - one kind of error for one fault
    return value


def _list(value: Mapping[str, Any], key: str) -> Iterable[Any]:
    found = value.get(key)
    if not isinstance(found, list) or not found:
        raise ValueError(f"it has no {key}")
    return found


def _subject(one: object) -> tuple[str, str]:
    digests = one.get("digest") if isinstance(one, dict) else None
    sha256 = digests.get("sha256") if isinstance(digests, dict) else None
    name = one.get("name") if isinstance(one, dict) else None
    if not isinstance(name, str) or not isinstance(sha256, str) or not DIGEST.fullmatch(sha256):
        raise ValueError("a subject has no name or no sha256")
    return name, sha256


def _bytes(value: Mapping[str, Any], key: str) -> bytes:
    text = value.get(key)
    if not isinstance(text, str):
        raise ValueError(f"it has no {key}")  # noqa: TRY004 - one kind of error for one fault
    try:
        # Both alphabets are allowed.
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise ValueError(f"its {key} is not base64") from error
