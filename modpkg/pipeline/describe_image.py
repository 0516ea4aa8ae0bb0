"""What lies in an image directory beside kernel, initrd and root: records, lists, ways to start it, sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.events import Sink, Warned
from modpkg.formats.canonical import canonical_json
from modpkg.host.files import receipt_of, temporary_directory
from modpkg.image import identity
from modpkg.image.boot_files import BOOT, boot_texts, command_line
from modpkg.image.sbom import sbom_text
from modpkg.model.image import LAYERS, SITE, ImageDirectory, ImageFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modpkg.image.job import Assembled
    from modpkg.image.uki import SigningPair
    from modpkg.openpgp.sign import Signer
    from modpkg.pipeline.build_image import Plan

IMAGE_JSON: Final = "image.json"
SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.gpg"
SBOM: Final = "sbom.spdx.json"
MODES: Final = {BOOT: 0o755, SITE: 0o600}  # a site layer has the hash of root's password
PLAIN_MODE: Final = 0o644
UNSIGNED_HINT: Final = (
    "invoke publish makes a key, invoke import-key takes one; then remove the image and build it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pens:
    """Who signs: the sums with the repository's key, the EFI program with a site's key. None signs nothing."""

    sums: Signer | None = None
    uki: SigningPair | None = None


NO_PENS: Final = Pens()


def describe(plan: Plan, directory: Path, *, assembled: Assembled, pens: Pens, sink: Sink) -> ImageDirectory:
    """Add all other files to a directory that has kernel, initrd, root and site layer; give what image.json says."""
    files = add_files(directory, known_files(directory, assembled))
    draft = _record(plan, assembled, files)
    texts = {
        "packages": identity.packages_text(plan.modules),
        "changelog": identity.changelog_text(plan.modules, plan.image),
        SBOM: sbom_text(plan.manifest.name, plan.image, plan.modules),
        **boot_texts(draft),
    }
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")
    if plan.uki:
        _uki(draft, directory, pens, sink)
    files = add_files(directory, files)
    record = _record(plan, assembled, files)
    (directory / IMAGE_JSON).write_text(canonical_json(record), encoding="utf-8")
    sums = "".join(f"{file.sha256}  {name}\n" for name, file in add_files(directory, files).items())
    (directory / SUMS).write_text(sums, encoding="utf-8")
    _sign(plan, directory / SIGNATURE, sums, pens, sink)
    for path in directory.iterdir():
        if path.name in assembled.layers[:-1]:
            continue  # a link to a file of the store
        path.chmod(MODES.get(path.name, PLAIN_MODE))
    return record


def uki_name(image: str) -> str:
    """Give the name of an image's EFI program."""
    return f"{image}.efi"


def known_files(directory: Path, assembled: Assembled) -> dict[str, ImageFile]:
    """Give what was read before: what the assembly has written, and layers, by the digests in their list."""
    if not assembled.layers:
        return dict(assembled.known)
    lines = (line.split("  ", 1) for line in (directory / LAYERS).read_text(encoding="utf-8").splitlines())
    layers = {
        name: ImageFile(size=(directory / name).stat().st_size, sha256=sha256) for sha256, name in lines
    }
    return {**assembled.known, **layers}


def add_files(directory: Path, known: Mapping[str, ImageFile]) -> dict[str, ImageFile]:
    """Measure the files of a directory that are not known yet; give all, by name. Each is read once."""
    found = {}
    for path in sorted(directory.iterdir()):
        file = known.get(path.name)
        if file is None:
            receipt = receipt_of(path)
            file = ImageFile(size=receipt.size, sha256=receipt.sha256)
        found[path.name] = file
    return found


def _record(plan: Plan, assembled: Assembled, files: dict[str, ImageFile]) -> ImageDirectory:
    return ImageDirectory(
        name=plan.manifest.name,
        image=plan.image,
        kernel=assembled.kernel,
        kernel_arguments=plan.manifest.kernel_arguments,
        files=files,
        waits_for_site=tuple(sorted({unit for module in plan.modules for unit in module.waits_for_site})),
        tests={module.name: module.tests for module in plan.modules if module.tests},
        site=plan.site.mark if plan.site else None,
        layout=plan.manifest.layout,
        merge=plan.ways.merge,
        layers=assembled.layers,
        drivers=plan.manifest.drivers,
        verity=assembled.verity,
    )


def _uki(draft: ImageDirectory, directory: Path, pens: Pens, sink: Sink) -> None:
    from modpkg.image.uki import Parts, make_uki  # noqa: PLC0415 - few images have one

    parts = Parts(
        name=draft.name,
        version=draft.image.version,
        architecture=draft.image.architecture,
        kernel_release=draft.kernel,
        command_line=command_line(draft),
        kernel=directory / "vmlinuz",
        initrd=directory / "initrd",
    )
    with temporary_directory(directory.parent) as work:
        make_uki(parts, directory / uki_name(draft.name), work=work, signing=pens.uki, sink=sink)


def _sign(plan: Plan, path: Path, sums: str, pens: Pens, sink: Sink) -> None:
    if pens.sums is None:
        sink(Warned(f"{SUMS} of {plan.directory.name} is not signed, as there is no key", hint=UNSIGNED_HINT))
        return
    # Not the clock's time: an image that is built again is the same to the last byte.
    moment = max(module.source_date_epoch for module in plan.modules)
    with pens.sums.session(sink=sink) as session:
        path.write_text(session.detached(sums, seconds=moment), encoding="ascii")
