"""A private apt: all its directories its own, signatures required, dates checked, nothing of the host's apt.

It only resolves. It never installs, never locks the host's databases and never names a mirror's address in a
message. Everything it is told comes from a configuration file that it writes itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.events import Event, Output, Sink, ignore
from modpkg.host import files, tools
from modpkg.host.mirrors import hide
from modpkg.host.run import Completed, run
from modpkg.rootfs.apt_words import resolve_error, update_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modpkg.host.mirrors import Mirrors
    from modpkg.model.platform import Platform

# The sandbox user of apt could not enter a private directory; the signatures are checked all the same.
CONFIGURATION: Final = """\
# apt counts itself as essential otherwise, and no node needs it.
pkgCacheGen::ForceEssential ",";
Dir "{root}";
Dir::Etc "{root}/etc";
Dir::State "{root}/state";
Dir::State::status "{root}/status";
Dir::Cache "{root}/cache";
Dir::Log "{root}/log";
Dir::Bin::methods "/usr/lib/apt/methods";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Get::Assume-Yes "true";
APT::Get::AutomaticRemove "false";
APT::Get::Remove "false";
APT::Get::AllowUnauthenticated "false";
APT::Update::Error-Mode "any";
Acquire::Check-Valid-Until "true";
Acquire::Check-Date "true";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowReleaseInfoChange::Suite "true";
Acquire::AllowReleaseInfoChange::Version "true";
Acquire::ForceHash "SHA256";
Acquire::Languages "none";
Acquire::PDiffs "false";
Acquire::Retries "2";
Acquire::http::Proxy "DIRECT";
Acquire::https::Proxy "DIRECT";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Debug::NoLocking "true";
"""
DIRECTORIES: Final = (
    "etc/apt.conf.d",
    "etc/preferences.d",
    "etc/sources.list.d",
    "etc/trusted.gpg.d",
    "state/lists/partial",
    "cache/archives/partial",
    "log",
)
CHOSEN: Final = re.compile(r"^'(?P<uri>[^']+)' \S+ \d+ SHA256:(?P<sha256>[0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A package that apt would install: the mirror that it would come from, the digest of its file."""

    mirror: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AptRoot:
    """A private apt in a directory. `addresses` maps the aliases of its mirrors to their bases."""

    directory: Path
    addresses: Mapping[str, str]

    @classmethod
    def make(cls, directory: Path, platform: Platform, mirrors: Mirrors) -> AptRoot:
        """Write the configuration. Package lists of an earlier time stay, and save their transfer."""
        aliases = list(dict.fromkeys(source.mirror for source in platform.sources))
        root = cls(directory=directory, addresses={alias: mirrors.base(alias) for alias in aliases})
        for name in DIRECTORIES:
            (directory / name).mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.format(root=directory, architecture=platform.architecture)
        files.write_atomically(directory / "apt.conf", text)
        files.write_atomically(
            directory / "etc/sources.list.d/platform.sources", sources_text(platform, root.addresses)
        )
        files.write_atomically(directory / "status", "")
        return root

    def update(self, *, sink: Sink = ignore) -> None:
        """Fetch the package lists. Raises ModpkgError unless all came, are signed and are of today."""
        completed = self._run("apt-get", "update", sink=sink)
        if completed.returncode != 0:
            raise update_error(self._words(completed))

    def package_lists(self) -> list[tuple[str, Path]]:
        """Give mirror and file of each list of packages, in the order of the platform's sources."""
        form = "$(REPO_URI)\t$(FILENAME)"
        completed = self._run("apt-get", "indextargets", "--format", form, "Created-By: Packages")
        pairs = [line.split("\t") for line in completed.stdout.splitlines()]
        return [(self._alias(uri), Path(name)) for uri, name in pairs]

    def choose(self, packages: Sequence[str], *, status: str, module: str) -> list[Chosen]:
        """Ask apt what it would install for packages where `status` is installed."""
        files.write_atomically(self.directory / "status", status)
        completed = self._run("apt-get", "--print-uris", "-q", "install", *packages)
        if completed.returncode != 0:
            raise resolve_error(module, self._words(completed))
        return [
            Chosen(mirror=self._alias(found["uri"]), sha256=found["sha256"])
            for found in CHOSEN.finditer(completed.stdout)
        ]

    def _run(self, *words: str, sink: Sink = ignore) -> Completed:
        def hidden(event: Event) -> None:
            if isinstance(event, Output):
                event = Output(words[0], self._hidden(event.line))
            sink(event)

        # An apt that outlives a killed modpkg would write where the next one works.
        command = ["setpriv", "--pdeathsig", "KILL", tools.require(words[0]), *words[1:]]
        return run(command, env={"APT_CONFIG": str(self.directory / "apt.conf")}, sink=hidden, check=False)

    def _words(self, completed: Completed) -> str:
        return self._hidden(f"{completed.stdout}{completed.stderr}")

    def _hidden(self, text: str) -> str:
        return hide(text, {alias: _as_apt_says(base) for alias, base in self.addresses.items()})

    def _alias(self, uri: str) -> str:
        for alias, base in self.addresses.items():
            if uri.startswith(f"{_as_apt_says(base)}/"):
                return alias
        raise ModpkgError("internal error: apt names an address that is of none of the mirrors")


def _as_apt_says(base: str) -> str:
    # apt writes file:/srv where the address is file:///srv.
    return re.sub(r"^file:///", "file:/", base)


def sources_text(platform: Platform, addresses: Mapping[str, str]) -> str:
    """Give the sources of a platform as deb822 text; `addresses` maps the aliases of mirrors to their bases."""
    return "\n".join(
        f"Types: deb\n"
        f"URIs: {addresses[source.mirror]}\n"
        f"Suites: {' '.join(source.suites)}\n"
        f"Components: {' '.join(source.components)}\n"
        f"Architectures: {platform.architecture}\n"
        f"Signed-By: {platform.keyring}\n"
        for source in platform.sources
    )
