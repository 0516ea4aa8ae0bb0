"""Commands about chroots: trees on an NFS server that nodes join under their /usr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.cli.command import command

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results.chroots import ChrootResult, CommitResult, ListedChroot
    from modpkg.model.chroot import ChrootPlaces

NAME_HELP: Final = "Chroot, as recipes/cluster.yaml may name it for nodes."
PLACE_HELP: Final = "Folder of chroots, which nodes mount. Default: $MODPKG_CHROOTS or chroots/ of --work."
VARIABLE: Final = "MODPKG_CHROOTS"


@command(
    helps={
        "name": NAME_HELP,
        "platform": "Platform whose packages it is made of: that of the nodes' images.",
        "place": PLACE_HELP,
        "dry_run": "Tell where it would be made and make nothing.",
    }
)
def chroot_create(
    session: Session,
    name: str,
    *,
    platform: str = "bookworm",
    place: str | None = None,
    dry_run: bool = False,
) -> ChrootResult:
    """Make a chroot: the essential packages of a platform, and its package manager.

    Example: modpkg chroot-create apps --place /srv/chroots
    """
    from modpkg.formats.catalogue import load_catalogue
    from modpkg.pipeline.chroots import create_chroot
    from modpkg.pipeline.platform_lock import Wish
    from modpkg.pipeline.site import Site

    places = _find(session, name, place)
    wanted = Wish.of(load_catalogue(session.recipes), platform).platform
    mirrors = Site.of(session.environment).mirrors
    create_chroot(places, wanted, mirrors, dry_run=dry_run, sink=session.sink)
    return _result(places, done=not dry_run)


@command(
    helps={
        "name": NAME_HELP,
        "command": "Run this by sh instead of a shell for a person, and ask no questions.",
        "place": PLACE_HELP,
    }
)
def chroot_shell(
    session: Session, name: str, *, command: str | None = None, place: str | None = None
) -> ChrootResult:
    """Work in a chroot as root: install, configure. No service is started.

    Example: modpkg chroot-shell apps --command "apt-get update && apt-get install --yes gfortran"
    """
    from modpkg.pipeline.enter_chroot import enter_chroot

    places = _find(session, name, place)
    enter_chroot(places, command, terminal=session.environ.get("TERM", "dumb"), sink=session.sink)
    return _result(places, done=True)


@command(
    helps={
        "source": "Chroot to copy.",
        "name": "Name of the new one.",
        "place": PLACE_HELP,
        "dry_run": "Tell where it would be made and make nothing.",
    }
)
def chroot_clone(
    session: Session, source: str, name: str, *, place: str | None = None, dry_run: bool = False
) -> ChrootResult:
    """Copy a chroot, without its generations. The two share no file; data are shared where the disk can.

    Example: modpkg chroot-clone apps apps-test
    """
    from modpkg.pipeline.chroots import clone_chroot

    places = _find(session, name, place)
    clone_chroot(_find(session, source, place), places, dry_run=dry_run, sink=session.sink)
    return _result(places, done=not dry_run)


@command(
    helps={
        "name": NAME_HELP,
        "keep": "How many generations to keep; the oldest go.",
        "place": PLACE_HELP,
        "dry_run": "Tell the number it would have and which would go, and change nothing.",
    }
)
def chroot_commit(
    session: Session, name: str, *, keep: int = 5, place: str | None = None, dry_run: bool = False
) -> CommitResult:
    """Make a generation of a chroot: its state of now, for ever, for nodes that join `mode: generation`.

    Example: modpkg chroot-commit apps
    """
    from modpkg.cli.clock import now
    from modpkg.cli.results.chroots import commit_result
    from modpkg.pipeline.commit_chroot import commit_chroot

    places = _find(session, name, place)
    moment = now(session.environ)
    committed = commit_chroot(places, keep=keep, now=moment, dry_run=dry_run, sink=session.sink)
    return commit_result(name, places.root, committed)


@command(helps={"place": PLACE_HELP})
def chroot_list(session: Session, *, place: str | None = None) -> list[ListedChroot]:
    """List the chroots of this server: packages, generations, which one nodes take.

    Example: modpkg chroot-list
    """
    from modpkg.cli.results.chroots import listed_chroot
    from modpkg.pipeline.chroots import list_chroots

    return [listed_chroot(known) for known in list_chroots(_place(session, place))]


@command(
    helps={
        "name": NAME_HELP,
        "generation": "Remove this generation alone.",
        "place": PLACE_HELP,
        "dry_run": "Tell what would be removed and remove nothing.",
    }
)
def chroot_remove(
    session: Session,
    name: str,
    *,
    generation: int = 0,
    place: str | None = None,
    dry_run: bool = False,
) -> ChrootResult:
    """Remove a chroot with all its generations, or one of them. Nodes that have joined it lose its software.

    Example: modpkg chroot-remove apps-test
    """
    from modpkg.pipeline.chroots import remove_chroot, remove_generation

    places = _find(session, name, place)
    if generation:
        remove_generation(places, generation, dry_run=dry_run, sink=session.sink)
    else:
        remove_chroot(places, dry_run=dry_run, sink=session.sink)
    return _result(places, done=not dry_run)


def _place(session: Session, place: str | None) -> Path:
    from modpkg.pipeline.workplace import Workplace

    named = place or session.environ.get(VARIABLE)
    return Path(named).absolute() if named else Workplace(session.work).chroots


def _find(session: Session, name: str, place: str | None) -> ChrootPlaces:
    from modpkg.pipeline.chroots import find_chroot

    return find_chroot(_place(session, place), name)


def _result(places: ChrootPlaces, *, done: bool) -> ChrootResult:
    from modpkg.cli.results.chroots import ChrootResult

    return ChrootResult(name=places.root.name, directory=places.root, is_done=done)
