"""Packages and files that set up clients: the keys of a repository and its channels, for apt and for dnf.

Two packages in both formats: `<name>-archive-keyring` and `<name>-release`, which needs the first. Installing the
second sets up any client. They are functions of the repository's document and its keys alone.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.apt.client import render_sources
from modpkg.deb.plain import write_plain_deb
from modpkg.errors import BadInputError
from modpkg.events import Sink, ignore
from modpkg.formats.plain import PlainPackage
from modpkg.host.files import write_atomically
from modpkg.model.repository import Places, Repository, address_of
from modpkg.openpgp.inspect import public_keys
from modpkg.openpgp.keys import dearmored, find_key
from modpkg.pipeline.publish import Published, PublishPlan, plan, publish
from modpkg.pipeline.signing import find_signer
from modpkg.rpm.plain import write_plain_rpm
from modpkg.yum.client import render_repo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modpkg.openpgp.sign import Signer
    from modpkg.pipeline.target import Target

    Files = tuple[Mapping[str, bytes], Mapping[str, bytes]]

LICENSE: Final = "CC0-1.0"
RPM_KEYS: Final = "etc/pki/rpm-gpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSetup:
    """What clients are told: where the repository is, which channel they take, which keys they trust."""

    document: Repository
    address: str
    channel: str
    keys: str

    @property
    def keyring(self) -> str:
        """The name of the package with the keys."""
        return f"{self.document.name}-archive-keyring"

    @property
    def release(self) -> str:
        """The name of the package with the channels."""
        return f"{self.document.name}-release"

    def sources(self, signed_by: str) -> str:
        """Give the .sources file."""
        return render_sources(self.address, self.document.channels, enabled=self.channel, signed_by=signed_by)

    def repo(self, key: str) -> str:
        """Give the .repo file."""
        name, channels = self.document.name, self.document.channels
        return render_repo(name, self.address, channels, enabled=self.channel, key=key)


def write_client_packages(setup: ClientSetup, directory: Path) -> tuple[Path, ...]:
    """Write both packages in both formats into `directory`."""
    name = setup.document.name
    ring = f"usr/share/keyrings/{setup.keyring}.gpg"
    rpm_key = f"{RPM_KEYS}/RPM-GPG-KEY-{name}"
    sources, repo = f"etc/apt/sources.list.d/{name}.sources", f"etc/yum.repos.d/{name}.repo"
    # A client of apt needs one package; the other one is there for those who know the name from dnf.
    for_apt: Files = (
        {
            ring: dearmored(setup.keys),
            sources: setup.sources(f"/{ring}").encode(),
            f"usr/share/lintian/overrides/{setup.keyring}": _override(setup.keyring, sources).encode(),
        },
        {},
    )
    for_dnf: Files = {rpm_key: setup.keys.encode()}, {repo: setup.repo(f"file:///{rpm_key}").encode()}
    debs = [write_plain_deb(package, directory) for package in _packages(setup, for_apt)]
    rpms = [write_plain_rpm(package, directory) for package in _packages(setup, for_dnf)]
    return tuple(receipt.path for receipt in (*debs, *rpms))


def write_client_files(setup: ClientSetup, places: Places) -> tuple[Path, ...]:
    """Write the files for clients that have no package yet; they trust what the web server's certificate says."""
    name = setup.document.name
    files = {
        f"{name}.sources": setup.sources(setup.keys),
        f"{name}.repo": setup.repo(f"{setup.address}/{places.public_key.relative_to(places.www)}"),
    }
    return tuple(write_atomically(places.clients / file, text).path for file, text in files.items())


def publish_clients(
    target: Target, *, enabled: str | None, signer: Signer, directory: Path, now: int, sink: Sink
) -> Published:
    """Write and publish what sets up clients to take the channel `enabled`, by default the last one."""
    setup = _setup(target, enabled=enabled, signer=signer, sink=sink)
    packages = write_client_packages(setup, directory)
    published = publish(packages, target=target, signer=signer, now=now, inputs={}, sink=sink)
    write_client_files(setup, Places(target.repository))
    return published


def plan_clients(target: Target, *, enabled: str | None, home: Path, now: int) -> PublishPlan:
    """Tell what `publish_clients` would publish with the key that is in `home`; writes nothing that stays.

    Raises BadInputError where there is no key yet: packages that bring one cannot be told without it.
    """
    if find_key(home) is None and not target.document.signing_keys:
        raise BadInputError(
            "cannot plan packages for clients: there is no signing key yet",
            where=str(home),
            hint="the first invoke publish makes one; invoke import-key takes one from a file",
        )
    setup = _setup(target, enabled=enabled, signer=find_signer(target.document, home=home))
    with tempfile.TemporaryDirectory(prefix="modpkg.") as scratch:
        return plan(write_client_packages(setup, Path(scratch)), target=target, now=now)


def _setup(target: Target, *, enabled: str | None, signer: Signer, sink: Sink = ignore) -> ClientSetup:
    target.check()
    document, places = target.document, Places(target.repository)
    channel = enabled or document.channels[-1]
    if channel not in document.channels:
        raise BadInputError(
            f"cannot set up clients for channel {channel!r}: there is none of that name",
            hint=f"{document.name} has {', '.join(document.channels)}",
        )
    with signer.session(sink=sink) as session:
        keys = session.public()
    return ClientSetup(
        document=document, address=address_of(places.www, document), channel=channel, keys=keys
    )


def _packages(setup: ClientSetup, files: Files) -> tuple[PlainPackage, ...]:
    name, summary = setup.document.name, setup.document.summary
    keyring = _package(
        setup,
        name=setup.keyring,
        summary=f"keys that sign the repository {name}",
        description=f"These keys sign the packages and indices of the repository {name}: {summary}.",
        files=files[0],
    )
    release = _package(
        setup,
        name=setup.release,
        summary=f"channels of the repository {name}",
        description=f"It lets the package manager find the repository {name}: {summary}. "
        f"The channel {setup.channel} is enabled.",
        files=files[1],
        requires=(setup.keyring,),
    )
    return keyring, release


def _override(package: str, sources: str) -> str:
    return (
        f"# To bring them is what this package is for.\n{package}: package-installs-apt-sources [{sources}]\n"
    )


def _package(
    setup: ClientSetup,
    *,
    name: str,
    summary: str,
    description: str,
    files: Mapping[str, bytes],
    requires: tuple[str, ...] = (),
) -> PlainPackage:
    version, maintainer = setup.document.clients_version, setup.document.maintainer
    if version is None or maintainer is None:
        raise BadInputError(
            "cannot write packages for clients: repository.yaml has no clients-version or no maintainer",
            hint='add clients-version: "1.0.0-1" and maintainer: Name <user@example.org>',
        )
    return PlainPackage(
        name=name,
        version=version,
        summary=summary,
        description=description,
        license=LICENSE,
        homepage=setup.address,
        maintainer=maintainer,
        # Keys say when they were made; nothing else here has a time of its own.
        moment=max(key.created for key in public_keys(setup.keys)),
        change=f"Release {version}.",
        files=files,
        requires=requires,
        config=frozenset(path for path in files if path.endswith((".sources", ".repo"))),
    )
