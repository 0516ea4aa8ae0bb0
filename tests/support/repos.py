"""Small packages, repositories and their clients: real apt and dnf in throw-away roots."""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from modpkg.host.run import Completed, run
from modpkg.model.repository import Places, Repository
from modpkg.pipeline.publish import Published, Target, publish

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from modpkg.openpgp.sign import Signer

SOURCE_DATE = 1_700_000_000
PREFIX = "modpkg-module"
SPEC = """\
Name: {name}
Version: {upstream}
Release: {revision}
Summary: A test module
License: MIT
BuildArch: noarch
AutoReqProv: no
Provides: modpkg-fragment(sha256) = {sha256}
{requires}
%description
A test module.
%install
install -D -m 0644 {content} %{{buildroot}}/usr/share/modpkg/test/{name}
%files
/usr/share/modpkg/test/{name}
"""


@dataclass(frozen=True, kw_only=True)
class Module:
    """A module package to make; `fields` are further control fields of the .deb."""

    name: str = "core"
    version: str = "1.0.0-1"
    content: str = "content"
    depends: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def package(self) -> str:
        return f"{PREFIX}-{self.name}-bookworm"


def make_pair(directory: Path, module: Module) -> list[Path]:
    """Make the .deb and the .rpm of a module by dpkg-deb and rpmbuild."""
    place = directory / f"{module.package}_{module.version}"
    content = place / "content"
    place.mkdir(parents=True)
    content.write_text(module.content)
    return [_make_deb(place, module), _make_rpm(place, module)]


def sha256_of(module: Module) -> str:
    return hashlib.sha256(module.content.encode()).hexdigest()


def _make_deb(place: Path, module: Module) -> Path:
    root = place / "deb"
    target = root / "usr/share/modpkg/test" / module.package
    target.parent.mkdir(parents=True)
    target.write_text(module.content)
    fields = {
        "Package": module.package,
        "Version": module.version,
        "Architecture": "all",
        "Maintainer": "Test <test@example.invalid>",
        "Depends": module.depends,
        "Modpkg-Fragment-Sha256": sha256_of(module),
        "Modpkg-Fragment-Size": str(len(module.content)),
        **module.fields,
        "Description": "a test module\n Of two lines.",
    }
    control = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text(control)
    path = place / f"{module.package}_{module.version}_all.deb"
    run(
        ["dpkg-deb", "--root-owner-group", "-Zgzip", "-b", root, path],
        env={"SOURCE_DATE_EPOCH": str(SOURCE_DATE)},
    )
    return path


def _make_rpm(place: Path, module: Module) -> Path:
    upstream, _, revision = module.version.partition("-")
    requires = f"Requires: {module.depends.replace('(', '').replace(')', '')}" if module.depends else ""
    spec = place / "spec"
    spec.write_text(
        SPEC.format(
            name=module.package,
            upstream=upstream,
            revision=revision,
            sha256=sha256_of(module),
            requires=requires,
            content=place / "content",
        )
    )
    macros = {
        "_topdir": str(place / "rpmbuild"),
        "_rpmdir": str(place),
        "_rpmfilename": "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
        "_buildhost": "test",
        "use_source_date_epoch_as_buildtime": "1",
    }
    defined = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
    run(["rpmbuild", "-bb", *defined, spec], env={"SOURCE_DATE_EPOCH": str(SOURCE_DATE)})
    return place / f"{module.package}-{module.version}.noarch.rpm"


def make_document(base_url: str, **changes: Any) -> Repository:
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

    def target(self, channel: str = "testing") -> Target:
        return Target(repository=self.places.root, document=self.document, channel=channel)

    def make(self, **fields: Any) -> list[Path]:
        return make_pair(self.directory / "packages", Module(**fields))

    def publish(
        self, packages: Sequence[Path], *, now: int = SOURCE_DATE, channel: str = "testing"
    ) -> Published:
        return publish(packages, target=self.target(channel), signer=self.signer, now=now)

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

    def run(self, *words: str, check: bool = True) -> Completed:
        options = {
            "Dir": str(self.root),
            "Dir::State::status": str(self.root / "var/lib/dpkg/status"),
            "Dir::Bin::methods": "/usr/lib/apt/methods",
            "APT::Architecture": "amd64",
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
        forced = ["-o", "DPkg::Options::=--force-not-root", "-o", "DPkg::Options::=--force-script-chrootless"]
        return run(["apt-get", "-y", *flags, *forced, *words], check=check)

    def installed(self, module: Module) -> str:
        return (self.root / "usr/share/modpkg/test" / module.package).read_text()


@dataclass(frozen=True, kw_only=True)
class DnfClient:
    """A root of its own in which real dnf installs, signatures of packages and of the repository required."""

    directory: Path

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
            "[main]\nplugins=0\nzchunk=False\nskip_if_unavailable=False\nretries=1\n"
        )
        return cls(directory=directory)

    def run(self, *words: str, check: bool = True) -> Completed:
        settings = {
            "reposdir": "repos",
            "varsdir": "vars",
            "cachedir": "cache",
            "logdir": "log",
            "persistdir": "persist",
        }
        flags = [f"--setopt={name}={self.directory / place}" for name, place in settings.items()]
        return run(
            [
                "dnf",
                f"--config={self.directory / 'dnf.conf'}",
                *flags,
                f"--installroot={self.root}",
                "--releasever=1",
                "--forcearch=x86_64",
                "-y",
                *words,
            ],
            env={"HOME": str(self.directory / "home"), "RPM_FORCE_DEBIAN": "1"},
            check=check,
        )

    def installed(self, module: Module) -> str:
        return (self.root / "usr/share/modpkg/test" / module.package).read_text()
