"""A small signed Debian archive for tests, made with the real dpkg-deb, apt-ftparchive and gpg."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from modpkg.host.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package to build; `fields` are further lines of its control file. `padding` makes it large."""

    name: str
    version: str = "1.0-1"
    architecture: str = "amd64"
    fields: Mapping[str, str] = field(default_factory=dict)
    padding: bytes = b""

    @property
    def file_name(self) -> str:
        return f"{self.name}_{self.version.partition(':')[2] or self.version}_{self.architecture}.deb"


@dataclass(frozen=True, slots=True)
class Key:
    """An OpenPGP key in a home directory of its own, and its public part as a key ring for apt."""

    home: Path
    keyring: Path

    @classmethod
    def made(cls, directory: Path, name: str = "test") -> Key:
        home = directory / f"{name}-gnupg"
        home.mkdir(parents=True, mode=0o700)
        key = cls(home, directory / f"{name}-keyring.gpg")
        identity = f"modpkg {name} <{name}@example.org>"
        key.gpg("--passphrase", "", "--quick-generate-key", identity, "ed25519", "sign", "never")
        key.gpg("--export", "--output", str(key.keyring))
        run(["gpgconf", "--kill", "all"], env={"GNUPGHOME": str(home)})
        return key

    def gpg(self, *words: str) -> None:
        command = ["gpg", "--batch", "--yes", "--pinentry-mode", "loopback", *words]
        run(command, env={"GNUPGHOME": str(self.home)})


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive such as `debian`, in a directory of that name that a web server can serve."""

    root: Path
    key: Key

    def build(self, package: Package) -> Path:
        """Put a package into the pool."""
        source = package.name[0]
        target = self.root / "pool" / "main" / source / package.name / package.file_name
        tree = self.root.parent / f"{self.root.name}-trees" / target.stem
        (tree / "DEBIAN").mkdir(parents=True, exist_ok=True)
        fields = {
            "Package": package.name,
            "Version": package.version,
            "Architecture": package.architecture,
            "Maintainer": "A Tester <tester@example.org>",
            "Description": f"the test package {package.name}",
            **package.fields,
        }
        control = "".join(f"{name}: {value}\n" for name, value in fields.items())
        (tree / "DEBIAN" / "control").write_text(control)
        document = tree / "usr" / "share" / "doc" / package.name / "README"
        document.parent.mkdir(parents=True, exist_ok=True)
        document.write_bytes(package.name.encode() + package.padding)
        target.parent.mkdir(parents=True, exist_ok=True)
        run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, target])
        return target

    def publish(self, suite: str, packages: list[Package], **release: str) -> None:
        """Write a signed suite of packages that are in the pool; `release` sets fields of its Release."""
        dist = self.root / "dists" / suite
        binary = dist / "main" / "binary-amd64"
        binary.mkdir(parents=True, exist_ok=True)
        listing = run(["apt-ftparchive", "packages", "pool"], cwd=self.root).stdout
        names = {package.file_name for package in packages}
        stanzas = [one for one in listing.split("\n\n") if _file_name(one) in names]
        text = "".join(f"{one}\n\n" for one in stanzas).encode()
        (binary / "Packages").write_bytes(text)
        (binary / "Packages.gz").write_bytes(gzip.compress(text, mtime=0))
        self.sign(suite, **release)

    def sign(self, suite: str, *, key: Key | None = None, **release: str) -> None:
        """Write Release and InRelease of a suite, in place of older ones."""
        dist = self.root / "dists" / suite
        for name in ("Release", "InRelease"):
            (dist / name).unlink(missing_ok=True)
        fields = {"Origin": "Test", "Suite": suite, "Codename": suite, "Components": "main"}
        fields["Architectures"] = "amd64"
        options = [f"-oAPT::FTPArchive::Release::{name}={value}" for name, value in fields.items()]
        text = run(["apt-ftparchive", *options, "release", "."], cwd=dist).stdout
        for name, value in release.items():
            field_name = name.replace("_", "-")
            kept = [one for one in text.splitlines() if not one.startswith(f"{field_name}:")]
            text = "\n".join([f"{field_name}: {value}", *kept, ""])
        (dist / "Release").write_text(text)
        clear = ("--clearsign", "--output", str(dist / "InRelease"), str(dist / "Release"))
        (key or self.key).gpg(*clear)


def _file_name(stanza: str) -> str:
    names = [line for line in stanza.splitlines() if line.startswith("Filename: ")]
    return names[0].rsplit("/", 1)[-1] if names else ""
