from pathlib import Path

import pytest

from modpkg.cli.commands.proofs import check_proof, verify_image, verify_module
from modpkg.cli.options import Session
from modpkg.errors import BadInputError
from tests.support.pens import pen_signer
from tests.support.sessions import called


@pytest.fixture(autouse=True)
def without_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modpkg.pipeline.signing.find_signer", lambda *_, **__: pen_signer())
    monkeypatch.setattr("modpkg.squashfs.pack.tool_versions", lambda: {"mksquashfs": "4.5.1"})


def directory(session: Session) -> Path:
    return next((session.work / "images").glob("compute_*"))


def test_an_image_is_equal_and_its_proof_lies_beside_it(released: Session) -> None:
    result = called(verify_image, released, "compute", sign=True)
    assert (result.verdict, result.exit_code, result.reasons) == ("equal", 0, ())
    assert result.proof == directory(released) / "proof.intoto.json"
    assert "root.squashfs" in result.subjects
    again = called(verify_image, released, "compute")
    assert (again.verdict, again.proof) == ("equal", None), "a proof is no file of the image"


def test_a_proof_may_lie_elsewhere(released: Session, tmp_path: Path) -> None:
    result = called(verify_image, released, "compute", proof=str(tmp_path / "p.json"))
    assert result.proof == tmp_path / "p.json"
    assert not (directory(released) / "proof.intoto.json").exists()


def test_a_text_that_differs_is_told_and_nothing_is_signed(released: Session) -> None:
    (directory(released) / "changelog").write_text("nothing happened\n")
    result = called(verify_image, released, "compute", sign=True)
    assert (result.verdict, result.exit_code, result.guilty) == ("different", 1, ("assembly",))
    (difference,) = result.differences
    assert (difference.file, difference.kind, difference.offset) == ("changelog", "content", 0)
    assert result.proof is None


def test_modules_that_are_gone_are_a_reason_and_no_error(released: Session) -> None:
    (released.work / "repository").rename(released.work / "gone")
    (released.work / "packages").rename(released.work / "gone-too")
    for path in (released.store / "builds").iterdir():
        path.unlink()
    result = called(verify_image, released, "compute", sign=True)
    assert (result.verdict, result.exit_code) == ("cannot tell", 3)
    assert "cannot find 3 modules of the image" in result.reasons[0]


def test_a_full_disk_is_a_reason(released: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/store")

    monkeypatch.setattr("modpkg.pipeline.verify_image.build_image", full)
    result = called(verify_image, released, "compute")
    assert result.verdict == "cannot tell"
    assert "No space left" in result.reasons[0]


def test_faults_of_modpkg_are_no_verdict(released: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(2, "No such file or directory", "/x")

    monkeypatch.setattr("modpkg.pipeline.verify_image.build_image", broken)
    with pytest.raises(OSError, match="No such file"):
        called(verify_image, released, "compute")


def test_verifying_leaves_the_store_as_it_was(released: Session) -> None:
    before = sorted(path for path in released.store.rglob("*") if "locks" not in path.parts)
    called(verify_image, released, "compute")
    assert sorted(path for path in released.store.rglob("*") if "locks" not in path.parts) == before


def test_unknown_images_and_missing_proofs_are_bad_input(released: Session) -> None:
    with pytest.raises(BadInputError, match="cannot find an image 'comptue'"):
        called(verify_image, released, "comptue")
    with pytest.raises(BadInputError, match="cannot find the proof"):
        called(check_proof, released, "compute")


def test_a_module_is_built_again(released: Session) -> None:
    result = called(verify_module, released, "slurm", offline=True)
    assert (result.verdict, result.differences) == ("equal", ())
    assert len(result.subjects) == 3


def test_a_package_is_verified_like_a_module(released: Session) -> None:
    (deb,) = (released.work / "packages/bookworm").glob("*slurm*.deb")
    result = called(verify_module, released, str(deb), offline=True)
    assert (result.verdict, result.what) == ("equal", "slurm 22.5.8-3")


def test_other_inputs_than_those_of_a_package_cannot_be_told(released: Session) -> None:
    (deb,) = (released.work / "packages/bookworm").glob("*slurm*.deb")
    recipe = released.recipes / "modules/slurm/recipe.yaml"
    recipe.write_text(recipe.read_text().replace("slurmd runs", "slurmd still runs"))
    result = called(verify_module, released, str(deb), offline=True)
    assert (result.verdict, result.exit_code) == ("cannot tell", 3)
    assert "was built from other inputs" in result.reasons[0]


def test_a_module_that_is_not_built_is_bad_input(released: Session) -> None:
    recipe = released.recipes / "modules/slurm/recipe.yaml"
    recipe.write_text(recipe.read_text().replace("slurmd runs", "slurmd still runs"))
    with pytest.raises(BadInputError, match="cannot verify slurm: it is not built"):
        called(verify_module, released, "slurm", offline=True)
    with pytest.raises(BadInputError, match="no module 'slrum'"):
        called(verify_module, released, "slrum", offline=True)
