"""The top layer of an image: merged state, what the image says about itself, what its own programs generate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.formats.canonical import canonical_json
from modpkg.image import identity
from modpkg.rootfs.normalize import set_times, strip_attributes
from modpkg.rootfs.state.merge import merge_states

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from modpkg.image.job import AssembleJob
    from modpkg.model.module import Module

MACHINE_ID: Final = "etc/machine-id"
# Units with ConditionNeedsUpdate= compare the times of these with /usr's: newer means nothing to do.
UPDATED: Final = ("etc/.updated", "var/.updated")
UPDATED_TEXT: Final = "# Newer than /usr: what systemd would generate after an update is in this image.\n"


def make_glue(
    job: AssembleJob, modules: Sequence[Module], paths: Mapping[str, str], *, os_release: str
) -> Path:
    """Make the glue of modules in the job's work directory, but for generated files.

    `paths` is what the modules show together, `os_release` the text of theirs.
    """
    glue = job.work / "glue"
    glue.mkdir()
    merge_states(modules, glue)
    for path, text in _texts(job, modules, os_release).items():
        _write(glue / path, text)
    if MACHINE_ID not in paths:
        # Without this file the first boot enables every unit.
        _write(glue / MACHINE_ID, "")
    return glue


def finish_glue(glue: Path, modules: Sequence[Module]) -> None:
    """Take out of the glue what the machine and the moment put there."""
    strip_attributes(glue)
    set_times(glue, source_date_epoch=max(module.source_date_epoch for module in modules))


def _texts(job: AssembleJob, modules: Sequence[Module], os_release: str) -> dict[str, str]:
    image = job.image
    return {
        identity.OS_RELEASE: identity.os_release_text(os_release, image),
        identity.IMAGE_JSON: canonical_json(image),
        f"{identity.DOCUMENTS}/packages": identity.packages_text(modules),
        f"{identity.DOCUMENTS}/changelog": identity.changelog_text(modules, image),
        **dict.fromkeys(UPDATED, UPDATED_TEXT),
    }


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
