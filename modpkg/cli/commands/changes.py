"""Commands about what changes: images compared, images with newer modules, locks renewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command
from modpkg.cli.commands.proofs import image_places, shelves_of

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results.changes import DiffResult, OutdatedResult, UpdateResult

SIDE_HELP = "its directory, name, version, fingerprint, or lock."


@command(
    name="diff-images",
    helps={
        "old": f"The image that nodes have: {SIDE_HELP}",
        "new": f"The image that they would get: {SIDE_HELP}",
        "files": "List each file that is added, removed or changed.",
        "format": "text, markdown (for a ticket) or html (one page that needs nothing else).",
    },
)
def diff_images(
    session: Session,
    old: str,
    new: str,
    *,
    files: bool = False,
    format: str = "text",  # noqa: A002 - the option's name
) -> DiffResult:
    """Tell what changes between two images: modules, packages, files, fixes, services, reboot, size, changelogs.

    Example: modpkg diff-images 12.0.3-67 compute --format markdown
    """
    from modpkg.cli.results.changes import diff_result, parse_format
    from modpkg.pipeline.diff_images import diff_images as compare
    from modpkg.pipeline.find_image import find_image

    form, places = parse_format(format), image_places(session)
    found = [find_image(word, places) for word in (old, new)]
    return diff_result(compare(found[0], found[1], shelves=shelves_of(session)), files=files, form=form)


@command(
    name="outdated",
    helps={
        "image": "Image to look at, as recipes/images names it. Default: all of them.",
        "exit_code": "End with 1 when an update would change a lock, or that cannot be told.",
    },
)
def outdated(session: Session, *, image: str | None = None, exit_code: bool = False) -> OutdatedResult:
    """List images whose channels have newer modules, and newer ones that a pin keeps out.

    Example: modpkg outdated --exit-code
    """
    from modpkg.cli.results.changes import outdated_result
    from modpkg.formats.catalogue import load_catalogue
    from modpkg.pipeline.outdated import outdated_images
    from modpkg.pipeline.workplace import Workplace

    places = Workplace(session.work).places
    found = outdated_images(load_catalogue(session.recipes), places=places, name=image)
    return outdated_result(found, ask=exit_code)


@command(
    name="update",
    helps={
        "name": "Image whose lock to renew.",
        "module": "Renew this module alone, and what has to move with it.",
        "dry_run": "Tell what would change and write nothing.",
    },
)
def update(session: Session, name: str, *, module: str | None = None, dry_run: bool = False) -> UpdateResult:
    """Renew the lock of an image to the newest modules that its pins admit, and tell what that changes.

    Example: modpkg update compute --module slurm
    """
    from modpkg.cli.results.changes import update_result
    from modpkg.formats.catalogue import load_catalogue
    from modpkg.pipeline.image_lock import find_manifest
    from modpkg.pipeline.update_image import Request, update_image
    from modpkg.pipeline.workplace import Workplace

    catalogue = load_catalogue(session.recipes)
    path, manifest = find_manifest(catalogue, name)
    request = Request(
        path=path,
        manifest=manifest,
        architecture=catalogue.platforms[manifest.platform].architecture,
        module=module,
    )
    places = Workplace(session.work).places
    return update_result(update_image(request, places=places, shelves=shelves_of(session), dry_run=dry_run))
