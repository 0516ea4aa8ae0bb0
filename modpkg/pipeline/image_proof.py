"""The proof of an image: a signed statement that it was built again and was equal; written, and checked later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from modpkg.errors import BadInputError, ModpkgError
from modpkg.formats.attestation import PAYLOAD_TYPE, Envelope, Signature, Statement, signed_text
from modpkg.host.files import Receipt, digest_file, write_atomically
from modpkg.openpgp.verify import SignatureError, opened_ring
from modpkg.pipeline.differing_files import image_files
from modpkg.pipeline.dress_image import taken_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modpkg.model.image import ImageDirectory
    from modpkg.openpgp.sign import Signer
    from modpkg.pipeline.verification import Verdict, Verification

# A name of a kind of statement; in-toto lets it lead nowhere.
PREDICATE_TYPE: Final = "https://modpkg.example.org/image-built-again/v1"
LARGEST_PROOF: Final = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedProof:
    """What a proof is worth: equal when its signature is good and the files are those that it is about.

    `signer` is the fingerprint of the key, "" where no signature is good; `claims` is what is said.
    """

    path: Path
    verdict: Verdict
    reasons: tuple[str, ...]
    signer: str = ""
    claims: Mapping[str, Any] | None = None


def predicate_of(about: ImageDirectory, *, tools: Mapping[str, str], now: int) -> dict[str, Any]:
    """Give what is said of an image that was built again: of which modules, by which programs, when."""
    image = about.image
    return {
        "verdict": "equal",
        "image": {"name": about.name, "version": image.version, "platform": image.platform},
        "architecture": image.architecture,
        "assemblyFormat": image.assembly_format,
        "resolvedDependencies": [
            {"name": one.name, "version": one.version, "digest": {"sha256": one.fragment}}
            for one in image.modules
        ],
        "tools": dict(tools),
        "takenAsFound": list(taken_files(about)),
        "finishedOn": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def write_proof(
    verification: Verification, predicate: Mapping[str, Any], *, signer: Signer, now: int, path: Path
) -> Receipt:
    """Sign what a verification found equal, and store it. Raises ModpkgError for any other verdict."""
    if verification.verdict != "equal":
        raise ModpkgError(f"cannot sign a proof: the image is {verification.verdict}", where=str(path))
    root = verification.path
    statement = Statement(
        subjects={str(one.path.relative_to(root)): one.sha256 for one in verification.subjects},
        predicate_type=PREDICATE_TYPE,
        predicate=predicate,
    )
    payload = statement.to_text().encode()
    with signer.session() as session:
        # Of text: JSON in ASCII, so that the bytes that gpg reads are these.
        armored = session.detached(signed_text(PAYLOAD_TYPE, payload).decode("ascii"), seconds=now)
    envelope = Envelope(
        payload=payload,
        payload_type=PAYLOAD_TYPE,
        signatures=(Signature(key=signer.key.fingerprint, content=armored.encode()),),
    )
    return write_atomically(path, envelope.to_text())


def check_proof(path: Path, directory: Path, *, keyring: Path) -> CheckedProof:
    """Check a proof against a key ring and the files of an image's directory. Nothing is built.

    Raises BadInputError for a file that is no proof, or without a key ring.
    """
    envelope, statement = _read(path)
    if not keyring.is_file():
        raise BadInputError(
            "cannot check a proof without the key that signed it",
            where=str(keyring),
            hint="name the repository's key.asc with --keyring",
        )
    faults = list(_differing(statement, directory))
    try:
        signer = _signer(envelope, path, keyring)
    except SignatureError as error:
        return CheckedProof(path=path, verdict="cannot tell", reasons=(str(error), *faults))
    verdict: Verdict = "different" if faults else "equal"
    return CheckedProof(
        path=path, verdict=verdict, reasons=tuple(faults), signer=signer, claims=statement.predicate
    )


def _read(path: Path) -> tuple[Envelope, Statement]:
    try:
        if path.stat().st_size > LARGEST_PROOF:
            raise ValueError(f"it is larger than {LARGEST_PROOF} bytes")  # noqa: TRY301 - told like the others
        envelope = Envelope.parse(path.read_bytes())
        if envelope.payload_type != PAYLOAD_TYPE:
            raise ValueError(f"it holds {envelope.payload_type!r}, not {PAYLOAD_TYPE!r}")  # noqa: TRY301
        statement = Statement.parse(envelope.payload)
        if statement.predicate_type != PREDICATE_TYPE:
            raise ValueError(f"it is about {statement.predicate_type!r}")  # noqa: TRY301
    except FileNotFoundError as error:
        raise BadInputError(
            "cannot find the proof", where=str(path), hint="invoke verify-image IMAGE --sign writes one"
        ) from error
    except ValueError as error:
        raise BadInputError(f"cannot use this as a proof: {error}", where=str(path)) from error
    return envelope, statement


def _signer(envelope: Envelope, path: Path, keyring: Path) -> str:
    with opened_ring(keyring) as ring:
        # One good signature by a key of the ring is enough; the hint which key it was counts for nothing.
        for number, signature in enumerate(envelope.signatures, start=1):
            try:
                return ring.detached_content(envelope.signed, signature.content, where=str(path))
            except SignatureError:
                if number == len(envelope.signatures):
                    raise
    raise SignatureError("cannot trust this file: it is not signed", where=str(path))


def _differing(statement: Statement, directory: Path) -> list[str]:
    files = image_files(directory)
    faults = [f"{name} is not in the proof" for name in sorted(files.keys() - statement.subjects.keys())]
    for name, sha256 in sorted(statement.subjects.items()):
        # Names are looked up and never become paths: who signed may be a stranger.
        if name not in files or not files[name].is_file():
            faults.append(f"{name} is missing")
        elif (found := digest_file(files[name])) != sha256:
            faults.append(f"{name} has the sha256 {found}, the proof says {sha256}")
    return faults
