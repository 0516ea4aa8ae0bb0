"""Small packages, repositories and their clients: real apt and dnf in throw-away roots."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from modpkg.host.run import Completed, run
from modpkg.model.repository import Places, Repository, address_of
from modpkg.pipeline.change import Changed, Planner, carry_out
from modpkg.pipeline.publish import Published, publish
from modpkg.pipeline.target import Target
from tests.support.modules import EPOCH
from tests.support.packages import write_pair
from tests.support.pens import pen_signer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from modpkg.openpgp.sign import Signer

NOW = EPOCH + 86_400
INSTALLED = "usr/share/modpkg/modules/bookworm"


def make_pair(directory: Path, name: str = "core", version: str = "1.0.0-1", **changes: Any) -> list[Path]:
    """Make the .deb and the .rpm of a module; its fragment is `content`, by default its name and version."""
    content = changes.pop("content", f"{name} {version}")
    depends = [
        {"name": lower, "version": wanted, "fragment": "2" * 64}
        for lower, wanted in changes.pop("depends", {}).items()
    ]
    fields = {
        "name": name,
        "version": version,
        "depends": depends,
        "conflicts": [],
        "provides": [],
        **changes,
    }
    place = directory / hashlib.sha256(repr((name, version, content, changes)).encode()).hexdigest()[:12]
    pair = write_pair(place, content.encode(), **fields)
    return [pair.deb, pair.rpm]


def package_of(name: str) -> str:
    return f"modpkg-module-{name}-bookworm"


def make_document(base_url: str | None, **changes: Any) -> Repository:
    fields = {"name": "test", "summary": "A test repository", "channels": ("testing", "stable"), **changes}
    return Repository(base_url=base_url, **fields)


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """A repository that is being published to, and where packages for it are made."""

    directory: Path
    signer: Signer
    document: Repository

    @property
    def places(self) -> Places:
        return Places(self.directory / "repository")

    @property
    def base_url(self) -> str:
        """Where clients find the repository."""
        return address_of(self.places.www, self.document)

    def target(self, channel: str = "testing") -> Target:
        return Target(repository=self.places.root, document=self.document, channel=channel)

    def make(self, name: str = "core", version: str = "1.0.0-1", **changes: Any) -> list[Path]:
        return make_pair(self.directory / "packages", name, version, **changes)

    def publish(self, packages: Sequence[Path], *, now: int = NOW, channel: str = "testing") -> Published:
        return publish(packages, target=self.target(channel), signer=self.signer, now=now)

    def change(self, planner: Planner, *, now: int = NOW, channel: str = "testing") -> Changed:
        return carry_out(planner, target=self.target(channel), signer=self.signer, now=now)

    def at(self, base_url: str) -> Workshop:
        return replace(self, document=make_document(base_url))


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name that http.server gives it)
        """Say nothing."""


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """Serve a directory over HTTP on loopback; give its address."""
    directory.mkdir(parents=True, exist_ok=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(directory))) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True, kw_only=True)
class AptClient:
    """A root of its own in which real apt installs, signatures required."""

    root: Path
    architecture: str = "amd64"

    @classmethod
    def made(cls, root: Path, *, base_url: str, key: Path, channel: str = "testing") -> AptClient:
        for name in (
            "etc/apt/apt.conf.d",
            "etc/apt/preferences.d",
            "etc/apt/sources.list.d",
            "var/lib/apt/lists",
        ):
            (root / name).mkdir(parents=True)
        for name in (
            "var/cache/apt/archives/partial",
            "var/lib/dpkg/info",
            "var/lib/dpkg/updates",
            "var/log/apt",
        ):
            (root / name).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        source = f"Types: deb\nURIs: {base_url}\nSuites: {channel}\nComponents: main\nSigned-By: {key}\n"
        (root / "etc/apt/sources.list.d/modpkg.sources").write_text(source)
        return cls(root=root)

    def run(self, *words: str, program: str = "apt-get", check: bool = True) -> Completed:
        options = {
            "Dir": str(self.root),
            "Dir::State::status": str(self.root / "var/lib/dpkg/status"),
            "Dir::Bin::methods": "/usr/lib/apt/methods",
            "APT::Architecture": self.architecture,
            # One alone: without it apt asks dpkg, which would tell those of this machine too.
            "APT::Architectures": self.architecture,
            "APT::Get::Assume-Yes": "true",
            "APT::Sandbox::User": "root",
            "APT::Install-Recommends": "false",
            "Acquire::Check-Valid-Until": "true",
            "Acquire::Check-Date": "true",
            "Acquire::http::Proxy": "DIRECT",
            "Acquire::Retries": "0",
            "Debug::NoLocking": "true",
            "DPkg::Options::": f"--root={self.root}",
        }
        # dpkg itself runs in the root, so that nothing of the host is touched.
        flags = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        words_of_dpkg = ("--force-not-root", "--force-script-chrootless", "--force-architecture")
        forced = [word for each in words_of_dpkg for word in ("-o", f"DPkg::Options::={each}")]
        return run([program, *flags, *forced, *words], check=check)

    def installed(self, name: str) -> str:
        """Give the fragment of an installed module, or "" where it is not."""
        fragment = self.root / INSTALLED / name / "fragment.squashfs"
        return fragment.read_text() if fragment.exists() else ""


@dataclass(frozen=True, kw_only=True)
class DnfClient:
    """A root of its own in which real dnf installs, signatures of packages and of the repository required."""

    directory: Path
    architecture: str = "x86_64"

    @property
    def root(self) -> Path:
        return self.directory / "root"

    @classmethod
    def made(cls, directory: Path, *, source: str, key: Path) -> DnfClient:
        """`source` is the line that names the repository: `mirrorlist=...` or `baseurl=...`."""
        for name in ("root", "repos", "cache", "log", "persist", "home", "vars"):
            (directory / name).mkdir(parents=True)
        (directory / "home/.rpmmacros").write_text("%_dbpath /usr/lib/sysimage/rpm\n%_pkgverify_level all\n")
        (directory / "repos/modpkg.repo").write_text(
            f"[modpkg]\nname=modpkg\n{source}\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n"
            f"gpgkey=file://{key}\nmetadata_expire=0\n"
        )
        (directory / "dnf.conf").write_text(
            # A repo file that is a second younger than the metadata would make dnf fetch them again.
            "[main]\nplugins=0\nzchunk=False\nskip_if_unavailable=False\nretries=1\ncheck_config_file_age=0\n"
        )
        return cls(directory=directory)

    def run(self, *words: str, check: bool = True, refresh: bool = True) -> Completed:
        settings = {
            "reposdir": "repos",
            "varsdir": "vars",
            "cachedir": "cache",
            "logdir": "log",
            "persistdir": "persist",
        }
        flags = [f"--setopt={name}={self.directory / place}" for name, place in settings.items()]
        start = ["dnf", f"--config={self.directory / 'dnf.conf'}", *flags, f"--installroot={self.root}"]
        try:
            return run(
                # An expiry of nothing still takes what was fetched in this very second for fresh.
                [
                    *(*start, *(["--refresh"] if refresh else []), "--releasever=1"),
                    *(f"--forcearch={self.architecture}", "-y", *words),
                ],
                env={"HOME": str(self.directory / "home"), "RPM_FORCE_DEBIAN": "1"},
                check=check,
            )
        finally:
            self._end_agents()

    def _end_agents(self) -> None:
        # dnf's library imports keys into a home below its cache, and leaves an agent there.
        for home in (self.directory / "cache").glob("*/pubring"):
            run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False)

    def installed(self, name: str) -> str:
        """Give the fragment of an installed module, or "" where it is not."""
        fragment = self.root / INSTALLED / name / "fragment.squashfs"
        return fragment.read_text() if fragment.exists() else ""


def pen_workshop(directory: Path) -> Workshop:
    """Give a repository that is signed by a pen, without programs."""
    return Workshop(
        directory=directory, signer=pen_signer(), document=make_document("https://repo.example/modules")
    )


def pin(places: Places, image: str, digests: Iterable[str]) -> None:
    """Write the lock of an image that names these .deb packages, where locks of other checkouts lie."""
    modules = [
        {
            "name": "core",
            "version": "1.0.0-1",
            "deb_sha256": digest,
            "deb_path": "pool/x",
            "fragment_sha256": "0" * 64,
            "fragment_size": 1,
        }
        for digest in digests
    ]
    lock = {
        "format": 1,
        "name": image,
        "platform": "bookworm",
        "architecture": "amd64",
        "channel": "testing",
        "snapshot": "",
        "manifest": "0" * 64,
        "version": "1.0.0-1.bbbbbbbbbb",
        "modules": modules,
    }
    places.pins.mkdir(parents=True, exist_ok=True)
    (places.pins / f"{image}.lock").write_text(json.dumps(lock))


def modules_of(workshop: Workshop, channel: str = "testing") -> list[str]:
    """Give what the plain index of a channel lists, such as "core 1.0.0-1"."""
    text = (workshop.places.www / f"dists/{channel}/main/binary-amd64/Packages").read_text()
    lines = text.splitlines()
    names = [line.split("-")[2] for line in lines if line.startswith("Package: ")]
    versions = [line.split()[1] for line in lines if line.startswith("Version: ")]
    return [f"{name} {version}" for name, version in zip(names, versions, strict=True)]


def tree_of(directory: Path) -> dict[str, str]:
    """Give what a directory holds, but for the cache: the digest of each file, the target of each link."""
    found = {}
    for path in sorted(directory.rglob("*")):
        if path.name.startswith("index.db"):
            continue
        name = str(path.relative_to(directory))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
