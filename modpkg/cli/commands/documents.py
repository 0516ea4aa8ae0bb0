"""Commands about documents: their faults, their schemas, the lock of a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.cli.options import Session
    from modpkg.cli.results.modules import CatalogueResult, PlatformLockResult

PLATFORM_HELP = "Platform, as recipes/platforms names it."


@command()
def lint_recipe(session: Session) -> CatalogueResult:
    """Check all recipes, platforms and images, and tell all faults at once.

    Example: modpkg lint-recipe
    """
    from modpkg.cli.results.modules import catalogue_result
    from modpkg.formats.catalogue import load_catalogue

    return catalogue_result(load_catalogue(session.recipes))


@command(helps={"check": "Write nothing; fail if a schema is not what it should be."})
def schemas(session: Session, *, check: bool = False) -> list[Path]:
    """Write the JSON schemas of all documents, for editors, to docs/reference/schemas.

    Example: modpkg schemas --check
    """
    from modpkg.errors import BadInputError
    from modpkg.formats.schema import stale_schemas, write_schemas

    folder = session.project / "docs" / "reference" / "schemas"
    if check and (stale := stale_schemas(folder)):
        names = ", ".join(path.name for path in stale)
        raise BadInputError(f"cannot accept {names}", where=str(folder), hint="renew them: invoke schemas")
    if check:
        return []
    return [receipt.path for receipt in write_schemas(folder)]


@command(helps={"platform": PLATFORM_HELP, "dry_run": "Tell what would change, and write nothing."})
def lock_platform(session: Session, platform: str, *, dry_run: bool = False) -> PlatformLockResult:
    """Ask the archive for exact versions of all packages that the recipes of a platform name.

    Example: modpkg lock-platform bookworm --dry-run
    """
    from modpkg.cli.results.modules import platform_lock_result
    from modpkg.formats.catalogue import load_catalogue
    from modpkg.pipeline import lock_platform as pipeline
    from modpkg.pipeline.platform_lock import Wish, lock_path
    from modpkg.pipeline.site import Site

    site = Site.of(session.environment)
    locked = pipeline.lock_platform(
        Wish.of(load_catalogue(session.recipes), platform),
        lock_path(session.recipes, platform),
        mirrors=site.mirrors,
        work=session.work / "lock",
        dry_run=dry_run,
        sink=session.sink,
    )
    return platform_lock_result(locked)
