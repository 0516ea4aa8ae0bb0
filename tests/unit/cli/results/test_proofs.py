from pathlib import Path
from typing import Any

import pytest

from modpkg.cli.render import to_data
from modpkg.cli.results.proofs import proof_result, verified_result
from modpkg.host.files import Receipt
from modpkg.pipeline.image_proof import CheckedProof
from modpkg.pipeline.verification import Difference, Verification

ROOT = Receipt(path=Path("x/root.squashfs"), size=1, sha256="a" * 64)


def difference(**fields: Any) -> Difference:
    known = {
        "file": "root.squashfs",
        "path": "/usr/bin/x",
        "module": "core",
        "version": "12.0.0-1",
        "part": "fragment",
        "kind": "content",
        "expected": "61 of 1 bytes",
        "found": "62 of 1 bytes",
        "offset": 0,
    }
    return Difference(**{**known, **fields})


def verification(verdict: Any, **fields: Any) -> Verification:
    return Verification(
        label="compute 12.0.0-1", path=Path("x"), verdict=verdict, subjects=(ROOT,), seconds=1.5, **fields
    )


@pytest.mark.parametrize(("verdict", "code"), [("equal", 0), ("different", 1), ("cannot tell", 3)])
def test_each_verdict_has_its_exit_code(verdict: Any, code: int) -> None:
    assert verified_result(verification(verdict)).exit_code == code
    checked = CheckedProof(path=Path("p"), verdict=verdict, reasons=())
    assert proof_result(checked).exit_code == code


def test_a_difference_is_one_line_with_the_guilty_module() -> None:
    differences = (difference(), difference(path="/virus", module="", version="", kind="extra", offset=None))
    text = verified_result(verification("different", differences=differences)).as_text()
    assert text.splitlines() == [
        "compute 12.0.0-1: different (1.50 s)",
        "  guilty: core",
        "  root.squashfs:/usr/bin/x [core 12.0.0-1] content from byte 0: 62 of 1 bytes, not 61 of 1 bytes",
        "  root.squashfs:/virus [nobody's] extra: 62 of 1 bytes, not 61 of 1 bytes",
    ]


def test_many_differences_are_shortened_in_text_alone() -> None:
    result = verified_result(verification("different", differences=(difference(),) * 50))
    assert result.as_text().splitlines()[-1] == "  and 10 more: --output json has all"
    assert len(to_data(result)["differences"]) == 50


def test_reasons_and_the_proof_are_shown() -> None:
    text = verified_result(verification("cannot tell", reasons=("one\n  hint: two",))).as_text()
    assert text.splitlines()[1:] == ["  one", "    hint: two"]
    proved = verified_result(
        verification("equal"), proof=Receipt(path=Path("p.json"), size=1, sha256="b" * 64)
    )
    assert proved.as_text().splitlines()[-1] == "  proof: p.json"
    assert to_data(proved)["subjects"] == {"root.squashfs": "a" * 64}


def test_a_proof_tells_who_signed_what() -> None:
    checked = CheckedProof(
        path=Path("p"), verdict="equal", reasons=(), signer="F" * 40, claims={"verdict": "equal"}
    )
    assert to_data(proof_result(checked)) == {
        "proof": "p",
        "verdict": "equal",
        "reasons": [],
        "signed_by": "F" * 40,
        "claims": {"verdict": "equal"},
    }
