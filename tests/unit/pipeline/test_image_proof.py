from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.formats.attestation import Envelope, Statement
from modpkg.formats.canonical import read_record
from modpkg.host.files import receipt_of
from modpkg.model.image import ImageDirectory
from modpkg.pipeline.image_proof import CheckedProof, check_proof, predicate_of, write_proof
from modpkg.pipeline.verification import Verification
from tests.support.images import make_image_directory
from tests.support.pens import PEN_KEY, PenRing, pen_signer
from tests.support.stack import make_module

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_790_000_000


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    @contextmanager
    def opened(path: Path) -> Iterator[PenRing]:
        yield PenRing(path=path, shown=str(path))

    monkeypatch.setattr("modpkg.pipeline.image_proof.opened_ring", opened)
    path = tmp_path / "key.asc"
    path.write_text("public key")
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    directory = make_image_directory(tmp_path / "images", [make_module("core"), make_module("kernel")])
    (directory / "root.squashfs").write_bytes(b"hsqs")
    return directory


def verified(image: Path, **fields: Any) -> Verification:
    subjects = tuple(receipt_of(image / name) for name in ("image.json", "root.squashfs"))
    return replace(Verification(label="x", path=image, verdict="equal", subjects=subjects), **fields)


def predicate(image: Path) -> dict[str, Any]:
    about = read_record(image / "image.json", ImageDirectory)
    return predicate_of(about, tools={"mksquashfs": "4.5.1"}, now=NOW)


@pytest.fixture
def proof(image: Path) -> Path:
    path = image / "proof.intoto.json"
    write_proof(verified(image), predicate(image), signer=pen_signer(), now=NOW, path=path)
    return path


def checked(proof: Path, image: Path, keyring: Path) -> CheckedProof:
    return check_proof(proof, image, keyring=keyring)


def test_a_proof_names_modules_files_and_the_moment(proof: Path) -> None:
    statement = Statement.parse(Envelope.parse(proof.read_bytes()).payload)
    assert sorted(statement.subjects) == ["image.json", "root.squashfs"]
    assert statement.predicate["verdict"] == "equal"
    assert statement.predicate["finishedOn"] == "2026-09-21T14:13:20Z"
    assert [one["name"] for one in statement.predicate["resolvedDependencies"]] == ["core", "kernel"]


def test_a_proof_of_these_files_is_good(proof: Path, image: Path, keyring: Path) -> None:
    found = checked(proof, image, keyring)
    assert (found.verdict, found.reasons, found.signer) == ("equal", (), PEN_KEY.fingerprint)
    assert found.claims is not None
    assert found.claims["image"]["name"] == "compute"


def test_equal_proofs_are_equal_bytes(proof: Path, image: Path) -> None:
    again = image.parent / "again"
    write_proof(verified(image), predicate(image), signer=pen_signer(), now=NOW, path=again)
    assert again.read_bytes() == proof.read_bytes()


def test_another_byte_in_a_file_is_told(proof: Path, image: Path, keyring: Path) -> None:
    (image / "root.squashfs").write_bytes(b"hsqt")
    found = checked(proof, image, keyring)
    assert found.verdict == "different"
    assert found.reasons[0].startswith("root.squashfs has the sha256 ")


def test_missing_and_extra_files_are_told(proof: Path, image: Path, keyring: Path) -> None:
    (image / "root.squashfs").rename(image / "other.squashfs")
    found = checked(proof, image, keyring)
    assert found.reasons == ("other.squashfs is not in the proof", "root.squashfs is missing")


def test_a_proof_that_says_more_than_was_signed_proves_nothing(
    proof: Path, image: Path, keyring: Path
) -> None:
    envelope = Envelope.parse(proof.read_bytes())
    statement = Statement.parse(envelope.payload)
    more = replace(statement, predicate={**statement.predicate, "more": True})
    proof.write_text(replace(envelope, payload=more.to_text().encode()).to_text())
    found = checked(proof, image, keyring)
    assert (found.verdict, found.signer) == ("cannot tell", "")
    assert "cannot trust this file" in found.reasons[0]


def test_one_good_signature_of_several_is_enough(proof: Path, image: Path, keyring: Path) -> None:
    envelope = Envelope.parse(proof.read_bytes())
    bad = replace(envelope.signatures[0], content=b"nothing")
    proof.write_text(replace(envelope, signatures=(bad, *envelope.signatures)).to_text())
    assert checked(proof, image, keyring).verdict == "equal"


def test_subjects_that_lead_out_of_the_image_are_no_files_of_it(
    proof: Path, image: Path, keyring: Path
) -> None:
    statement = Statement.parse(Envelope.parse(proof.read_bytes()).payload)
    subjects = {**statement.subjects, "../../key.asc": "0" * 64}
    with pen_signer().session() as session:
        payload = replace(statement, subjects=subjects).to_text().encode()
        envelope = Envelope.parse(proof.read_bytes())
        signed = replace(envelope, payload=payload)
        text = session.detached(signed.signed.decode(), seconds=NOW).encode()
    signature = replace(envelope.signatures[0], content=text)
    proof.write_text(replace(signed, signatures=(signature,)).to_text())
    assert checked(proof, image, keyring).reasons == ("../../key.asc is missing",)


@pytest.mark.parametrize("verdict", ["different", "cannot tell"])
def test_nothing_else_is_signed(image: Path, verdict: Any) -> None:
    path = image / "proof.intoto.json"
    with pytest.raises(ModpkgError, match=f"the image is {verdict}"):
        write_proof(verified(image, verdict=verdict), {}, signer=pen_signer(), now=NOW, path=path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"payload": "', '"payload": "!', "its payload is not base64"),
        ("application/vnd.in-toto+json", "application/json", "it holds 'application/json'"),
        ("{", "[", "the file is not JSON"),
    ],
)
def test_what_is_no_proof_is_refused(
    proof: Path, image: Path, keyring: Path, old: str, new: str, reason: str
) -> None:
    proof.write_text(proof.read_text().replace(old, new, 1))
    with pytest.raises(BadInputError, match="cannot use this as a proof") as caught:
        checked(proof, image, keyring)
    assert reason in str(caught.value)


def test_a_statement_of_another_kind_is_refused(proof: Path, image: Path, keyring: Path) -> None:
    envelope = Envelope.parse(proof.read_bytes())
    value = {**json.loads(envelope.payload), "predicateType": "https://example.org/other"}
    proof.write_text(replace(envelope, payload=json.dumps(value).encode()).to_text())
    with pytest.raises(BadInputError, match=r"it is about 'https://example\.org/other'"):
        checked(proof, image, keyring)


def test_without_proof_or_key_ring_it_says_what_to_do(image: Path, proof: Path, keyring: Path) -> None:
    keyring.unlink()
    with pytest.raises(BadInputError, match="without the key") as caught:
        checked(proof, image, keyring)
    assert "--keyring" in caught.value.hint
    proof.unlink()
    with pytest.raises(BadInputError, match="cannot find the proof") as caught:
        checked(proof, image, keyring)
    assert "verify-image IMAGE --sign" in caught.value.hint
