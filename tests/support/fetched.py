"""Programs and roots of Debian that tests need and that must not be installed here: fetched once, and kept.

A server's package would begin to serve when it is installed, and another release's apt has no place on this machine.
Both come from this machine's own mirror, signatures checked.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.host.files import locked, new_directory
from modpkg.host.run import run
from modpkg.pipeline.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

CACHE = Path(os.environ.get("MODPKG_TEST_CACHE", str(Path.home() / ".cache/modpkg-tests")))
TRIXIE = "trixie"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# What is not looked at, and is most of the root.
LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/lib/apt/lists", "var/cache/apt")


def nginx_program() -> Path:
    """Give nginx: this machine's, or that of its distribution, unpacked and not installed."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    return Path(found) if found else _kept("nginx", _unpack_nginx, "1") / "tree/usr/sbin/nginx"


def trixie_root() -> Path:
    """Give a root of Debian 13 with its apt and gpg's successor sqv, and little else."""
    if os.geteuid() != 0:
        pytest.skip("entering another root needs root")
    return _kept("trixie", _make_trixie, repr((TRIXIE, LEFT_OUT))) / "root"


def _kept(name: str, make: Callable[[Path], None], what: str) -> Path:
    place = CACHE / f"{name}-{hashlib.sha256(what.encode()).hexdigest()[:12]}"
    with locked(CACHE / f"{name}.lock"):
        if not place.exists():
            with new_directory(place) as scratch:
                make(scratch)
    return place


def _unpack_nginx(place: Path) -> None:
    lists, cache = place / "lists", place / "cache"
    for directory in (lists / "partial", cache / "archives/partial"):
        directory.mkdir(parents=True)
    own = {"Dir::State::Lists": lists, "Dir::Cache": cache, "APT::Sandbox::User": "root"}
    options = [word for key, value in own.items() for word in ("-o", f"{key}={value}")]
    run(["apt-get", *options, "-q", "update"])
    run(["apt-get", *options, "-q", "download", "nginx"], cwd=place)
    (package,) = place.glob("nginx_*.deb")
    run(["dpkg-deb", "--extract", package, place / "tree"])
    shutil.rmtree(lists)
    shutil.rmtree(cache)


def _make_trixie(place: Path) -> None:
    mirror = Site.of(os.environ).mirrors.base("debian")
    source = f"deb [signed-by={KEYRING}] {mirror} {TRIXIE} main"
    words = ["--mode=root", "--variant=apt", "--format=directory", "--dpkgopt=force-unsafe-io"]
    run(["mmdebstrap", *words, TRIXIE, place / "root", source], env={"TMPDIR": str(place)})
    for name in LEFT_OUT:
        shutil.rmtree(place / "root" / name, ignore_errors=True)
