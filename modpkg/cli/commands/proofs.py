"""Commands that prove: an image or a module is built again and compared, a proof is signed or checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.cli.command import command
from modpkg.cli.commands.documents import PLATFORM_HELP

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results.proofs import ProofResult, VerifiedResult
    from modpkg.host.files import Receipt
    from modpkg.pipeline.find_image import ImagePlaces
    from modpkg.pipeline.known_modules import Shelves
    from modpkg.pipeline.verification import Verification
    from modpkg.pipeline.verify_image import ImageCase

IMAGE_HELP: Final = "Image: its directory, name, version, or fingerprint."
PACKAGES: Final = (".deb", ".rpm")


@command(
    name="verify-image",
    helps={
        "image": IMAGE_HELP,
        "sign": "Where it is equal, sign a proof and put it beside the image, as proof.intoto.json.",
        "proof": "Where it is equal, sign a proof and write it to this file.",
    },
)
def verify_image(
    session: Session, image: str, *, sign: bool = False, proof: str | None = None
) -> VerifiedResult:
    """Build an image again from the modules that it names, and compare: equal, different, or cannot tell.

    A difference names the guilty module, the path and what differs. Ends with 0, 1 or 3.

    Example: modpkg verify-image compute --sign
    """
    from modpkg.cli.results.proofs import verified_result
    from modpkg.pipeline.differing_files import PROOF
    from modpkg.pipeline.find_image import find_built
    from modpkg.pipeline.verify_image import ImageCase
    from modpkg.pipeline.verify_image import verify_image as verify

    found, about = find_built(image, image_places(session))
    case = ImageCase(found=found, about=about)
    verification = verify(case, shelves=shelves_of(session), sink=session.sink)
    target = Path(proof) if proof else found.path / PROOF if sign else None
    if target is None or verification.verdict != "equal":
        return verified_result(verification)
    return verified_result(verification, proof=_signed(session, case, verification, target))


def _signed(session: Session, case: ImageCase, verification: Verification, path: Path) -> Receipt:
    from modpkg.cli.clock import now
    from modpkg.formats.documents import load_repository
    from modpkg.pipeline.image_proof import predicate_of, write_proof
    from modpkg.pipeline.signing import find_signer
    from modpkg.pipeline.workplace import Workplace
    from modpkg.squashfs.pack import tool_versions

    moment = now(session.environ)
    home = Workplace(session.work).signing_home(session.environ)
    signer = find_signer(load_repository(session.repository), home=home, sink=session.sink)
    predicate = predicate_of(case.about, tools=tool_versions(), now=moment)
    return write_proof(verification, predicate, signer=signer, now=moment, path=path)


@command(
    name="check-proof",
    helps={
        "image": IMAGE_HELP,
        "proof": "The proof. Default: proof.intoto.json in the image's directory.",
        "keyring": "Public keys of who may have signed. Default: the repository's key.asc.",
    },
)
def check_proof(
    session: Session, image: str, *, proof: str | None = None, keyring: str | None = None
) -> ProofResult:
    """Check the signed proof of an image against its files. Builds nothing; ends with 0, 1 or 3.

    Example: modpkg check-proof compute --keyring key.asc
    """
    from modpkg.cli.results.proofs import proof_result
    from modpkg.pipeline.differing_files import PROOF
    from modpkg.pipeline.find_image import find_built
    from modpkg.pipeline.image_proof import check_proof as check
    from modpkg.pipeline.workplace import Workplace

    found, _ = find_built(image, image_places(session))
    keys = Path(keyring) if keyring else Workplace(session.work).places.public_key
    return proof_result(check(Path(proof) if proof else found.path / PROOF, found.path, keyring=keys))


@command(
    name="verify-module",
    helps={
        "module": "Module, as recipes/modules names it, or the path of its .deb or .rpm.",
        "platform": PLATFORM_HELP,
        "offline": "Use what the store has, and never the network.",
    },
)
def verify_module(
    session: Session, module: str, *, platform: str = "bookworm", offline: bool = False
) -> VerifiedResult:
    """Build a module again from its platform's lock, and compare fragment, module.json and packages.

    What the store has of it is not believed. Ends with 0, 1 or 3.

    Example: modpkg verify-module slurm
    """
    from modpkg.cli.commands.modules import open_shop
    from modpkg.cli.results.proofs import verified_result
    from modpkg.pipeline import verify_module as verifying

    if not module.endswith(PACKAGES):
        shop = open_shop(session, platform, fast=False, offline=offline)
        case = verifying.case_of_store(shop, module)
        return verified_result(verifying.verify_module(shop, case, sink=session.sink))
    with shelves_of(session).store.scratch() as scratch:
        case = verifying.case_of_package(Path(module), scratch=scratch)
        shop = open_shop(session, case.module.platform, fast=False, offline=offline)
        return verified_result(verifying.verify_module(shop, case, sink=session.sink))


def image_places(session: Session) -> ImagePlaces:
    """Give where images are looked for by name."""
    from modpkg.pipeline.find_image import ImagePlaces
    from modpkg.pipeline.workplace import Workplace

    return ImagePlaces(built=Workplace(session.work).images, locks=session.recipes / "images")


def shelves_of(session: Session) -> Shelves:
    """Give where built modules are looked for."""
    from modpkg.pipeline.known_modules import Shelves
    from modpkg.pipeline.workplace import Workplace
    from modpkg.store.store import Store

    place = Workplace(session.work)
    return Shelves(store=Store(session.store), www=place.places.www, packages=place.root / "packages")
