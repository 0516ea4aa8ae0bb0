"""From a session to what workflows need: the site, the documents, the clock. Holds no workflow."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.formats.catalogue import load_catalogue
from modpkg.pipeline.lock_platform import Wish, load_platform_lock, lock_path
from modpkg.pipeline.site import Site
from modpkg.pipeline.workplace import Workplace
from modpkg.pipeline.workshop import Workshop
from modpkg.store.store import Store

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.formats.catalogue import Catalogue


def site_of(session: Session, *, offline: bool = False) -> Site:
    """Give what this site has, with the store that the command line names."""
    return replace(Site.of(os.environ, offline=offline), store=Store(session.store))


def workplace_of(session: Session) -> Workplace:
    """Give the places below the work directory."""
    return Workplace(session.work)


def now() -> int:
    """Give the moment that new entries and snapshots carry: SOURCE_DATE_EPOCH, else the clock's."""
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return int(time.time())
    if not text.isdecimal():
        raise BadInputError(
            f"cannot read {text!r} as a time", where="SOURCE_DATE_EPOCH", hint="seconds since 1970"
        )
    return int(text)


def only_platform(catalogue: Catalogue, named: str | None) -> str:
    """Give the platform that was named, or the only one there is."""
    known = sorted(catalogue.platforms)
    if named:
        return named
    if len(known) != 1:
        raise BadInputError(
            "cannot choose a platform", where=str(catalogue.root), hint=f"--platform {' or '.join(known)}"
        )
    return known[0]


def workshop_of(
    session: Session, *, platform: str | None, fast: bool = False, offline: bool = False
) -> Workshop:
    """Load the documents and the platform's lock; all their faults are told at once."""
    catalogue = load_catalogue(session.recipes)
    name = only_platform(catalogue, platform)
    wish = Wish.of(catalogue, name)
    return Workshop(
        catalogue=catalogue,
        platform=catalogue.platforms[name],
        lock=load_platform_lock(lock_path(session.recipes, name), wish),
        site=site_of(session, offline=offline),
        work=session.work,
        fast=fast,
    )


def signing_home(session: Session) -> Path:
    """Give the directory of gpg with the signing key: MODPKG_GNUPGHOME, else one below the work directory."""
    named = os.environ.get("MODPKG_GNUPGHOME")
    return Path(named) if named else workplace_of(session).gnupg
