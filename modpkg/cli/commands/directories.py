"""Commands about image directories that were built, and about what a site adds to images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command
from modpkg.cli.commands.images import IMAGE_HELP

LISTED = "there is nothing to remove: invoke images lists what was built"

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results.directories import EditResult, ListedImage, RemovalResult
    from modpkg.pipeline.edit_image import Change


@command(name="images")
def list_images(session: Session) -> list[ListedImage]:
    """List the images that were built, the newest of each name first.

    Example: modpkg images
    """
    from modpkg.cli.clock import clock
    from modpkg.cli.results.directories import listed_image
    from modpkg.pipeline.images import built_images

    return [listed_image(image, now=clock()) for image in built_images(session.work / "images")]


@command(
    helps={
        "image": IMAGE_HELP,
        "force": "Remove it also if it is the newest of its name, or damaged.",
        "dry_run": "Tell what would be removed and remove nothing.",
    }
)
def remove_image(
    session: Session, image: str, *, force: bool = False, dry_run: bool = False
) -> RemovalResult:
    """Remove an image that was built. The modules it was made of stay in the store.

    Example: modpkg remove-image 12.0.3-66.cbdppkwfzz
    """
    from modpkg.cli.results.directories import removal_result
    from modpkg.pipeline import images as pipeline
    from modpkg.pipeline.site import Site

    folder = session.work / "images"
    removal = pipeline.plan_removal(folder, pipeline.find_image(folder, image, unbuilt=LISTED), force=force)
    if not dry_run:
        pipeline.remove_image(removal, store=Site.of(session.environment).store, sink=session.sink)
    return removal_result(removal, removed=not dry_run)


@command(
    helps={
        "image": "Image, as recipes/images names it.",
        "path": "Path of a file in the image, such as /etc/motd.",
        "from_": "File with the new content, - for standard input. Default: an editor ($VISUAL, $EDITOR).",
        "common": "Put it into all images.",
        "dry_run": "Tell which file would be written and write nothing.",
    }
)
def edit_image(
    session: Session,
    image: str,
    path: str,
    *,
    from_: str | None = None,
    common: bool = False,
    dry_run: bool = False,
) -> EditResult:
    """Change a file of an image, or add one: it goes below recipes/site, from where build-image takes it.

    Example: modpkg edit-image compute /etc/motd --from motd
    """
    from modpkg.cli.results.directories import edit_result
    from modpkg.formats.catalogue import load_catalogue
    from modpkg.pipeline import edit_image as pipeline

    catalogue = load_catalogue(session.recipes)
    wanted = pipeline.Wanted(image=image, path=path, common=common)
    place = pipeline.find_place(catalogue, wanted, images=session.work / "images", sink=session.sink)
    # Nobody is asked to edit what is then thrown away.
    change = pipeline.taken_from(place.before.data) if dry_run and from_ is None else _change(session, from_)
    edited = pipeline.edit(place, change, recipes=session.recipes, dry_run=dry_run)
    return edit_result(edited, written=not dry_run)


def _change(session: Session, source: str | None) -> Change:
    import sys
    from pathlib import Path

    from modpkg.errors import BadInputError
    from modpkg.pipeline.edit_image import by_editor, taken_from

    if source is None:
        return by_editor(session.environ)
    if source == "-":
        return taken_from(sys.stdin.buffer.read())
    try:
        return taken_from(Path(source).read_bytes())
    except OSError as error:
        raise BadInputError(f"cannot read the new content: {error.strerror}", where=source) from error
