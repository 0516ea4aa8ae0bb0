"""What verifications of images and modules answer: a verdict, who is guilty, where. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from modpkg.cli.render import seconds
from modpkg.errors import EXIT_CANNOT_TELL, EXIT_FAILED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modpkg.host.files import Receipt
    from modpkg.pipeline.image_proof import CheckedProof
    from modpkg.pipeline.verification import Difference, Verification

EXIT_CODES: Final = {"equal": 0, "different": EXIT_FAILED, "cannot tell": EXIT_CANNOT_TELL}
# A text is for reading; --output json has all of them.
SHOWN: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceResult:
    """One difference: the file, the path in it, the guilty module, what differs."""

    file: str
    path: str
    module: str
    version: str
    part: str
    kind: str
    expected: str
    found: str
    offset: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedResult:
    """How a verification ended; 0, 1 or 3 is the exit code."""

    what: str
    path: Path
    verdict: str
    reasons: tuple[str, ...]
    guilty: tuple[str, ...]
    differences: tuple[DifferenceResult, ...]
    subjects: Mapping[str, str]
    taken: tuple[str, ...]
    proof: Path | None
    seconds: float

    @property
    def exit_code(self) -> int:
        """Tell equal, different and cannot tell apart."""
        return EXIT_CODES[self.verdict]

    def as_text(self) -> str:
        """Give the verdict, then what differs, a line each."""
        lines = [f"{self.what}: {self.verdict} ({seconds(self.seconds)})"]
        lines += [f"  {line}" for reason in self.reasons for line in reason.splitlines()]
        if self.taken:
            lines.append(f"  taken as they are, as no module makes them: {', '.join(self.taken)}")
        if self.guilty:
            lines.append(f"  guilty: {', '.join(self.guilty)}")
        lines += [f"  {_difference_line(one)}" for one in self.differences[:SHOWN]]
        if len(self.differences) > SHOWN:
            lines.append(f"  and {len(self.differences) - SHOWN} more: --output json has all")
        if self.proof:
            lines.append(f"  proof: {self.proof}")
        return "\n".join(lines)


def _difference_line(one: DifferenceResult) -> str:
    who = " ".join(filter(None, (one.module, one.version))) or "nobody's"
    where = f" from byte {one.offset}" if one.offset is not None else ""
    return f"{one.file}:{one.path} [{who}] {one.kind}{where}: {one.found}, not {one.expected}"


def verified_result(verification: Verification, *, proof: Receipt | None = None) -> VerifiedResult:
    """Tell how a verification ended, and where its proof is."""
    return VerifiedResult(
        what=verification.label,
        path=verification.path,
        verdict=verification.verdict,
        reasons=verification.reasons,
        guilty=verification.guilty,
        differences=tuple(_difference(one) for one in verification.differences),
        subjects={one.path.name: one.sha256 for one in verification.subjects},
        taken=verification.taken,
        proof=proof.path if proof else None,
        seconds=verification.seconds,
    )


def _difference(one: Difference) -> DifferenceResult:
    return DifferenceResult(
        file=one.file,
        path=one.path,
        module=one.module,
        version=one.version,
        part=one.part,
        kind=one.kind,
        expected=one.expected,
        found=one.found,
        offset=one.offset,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofResult:
    """What a proof is worth; 0, 1 or 3 is the exit code."""

    proof: Path
    verdict: str
    reasons: tuple[str, ...]
    signed_by: str
    claims: Mapping[str, Any]

    @property
    def exit_code(self) -> int:
        """Tell equal, different and cannot tell apart."""
        return EXIT_CODES[self.verdict]


def proof_result(checked: CheckedProof) -> ProofResult:
    """Tell what a proof is worth."""
    return ProofResult(
        proof=checked.path,
        verdict=checked.verdict,
        reasons=checked.reasons,
        signed_by=checked.signer,
        claims=checked.claims or {},
    )
