"""Versions of modules and images, and the pins that choose them.

The grammar is the part of dpkg's and rpm's on which both agree about the order: `X.Y.Z-R`, decimal, without
leading zeros. Revision R never resets, which makes the sum of revisions order images (design.md 4).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

NUMBER: Final = r"(?:0|[1-9][0-9]{0,8})"
REVISION: Final = r"[1-9][0-9]{0,8}"
SUM: Final = r"[1-9][0-9]{0,15}"
UPSTREAM: Final = re.compile(rf"({NUMBER})\.({NUMBER})\.({NUMBER})")
MODULE: Final = re.compile(rf"({NUMBER})\.({NUMBER})\.({NUMBER})-({REVISION})")
TRACKER: Final = re.compile(rf"~({NUMBER})(?:\.({NUMBER})(?:\.({NUMBER}))?)?")
# No vowels and no digits: neither words nor numbers can appear, so no two fingerprints compare equal.
FINGERPRINT_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
FINGERPRINT_LENGTH: Final = 10
IMAGE: Final = re.compile(
    rf"(?:({REVISION}):)?({NUMBER})\.({NUMBER})\.({NUMBER})-({SUM})\.([{FINGERPRINT_LETTERS}]{{{FINGERPRINT_LENGTH}}})"
)


@dataclass(frozen=True, slots=True, order=True)
class ModuleVersion:
    """`X.Y.Z-R`: the packager chooses X.Y.Z, R counts the entries of the changelog."""

    major: int
    minor: int
    patch: int
    revision: int

    @classmethod
    def parse(cls, text: str) -> ModuleVersion:
        """Read `X.Y.Z-R`; raises BadInputError on anything else."""
        match = MODULE.fullmatch(text)
        if not match:
            raise BadInputError(f"{text!r} is not a module version", hint="write X.Y.Z-R, such as 12.0.3-41")
        return cls(*map(int, match.groups()))

    @property
    def numbers(self) -> tuple[int, int, int]:
        """X, Y and Z."""
        return self.major, self.minor, self.patch

    @property
    def upstream(self) -> str:
        """`X.Y.Z`: the Version of an rpm, the upstream version of a .deb."""
        return f"{self.major}.{self.minor}.{self.patch}"

    def __str__(self) -> str:
        return f"{self.upstream}-{self.revision}"


def upstream_numbers(text: str) -> tuple[int, int, int]:
    """Read `X.Y.Z`; raises BadInputError on anything else."""
    match = UPSTREAM.fullmatch(text)
    if not match:
        raise BadInputError(f"{text!r} is not a version", hint="write X.Y.Z, such as 12.0.3")
    major, minor, patch = map(int, match.groups())
    return major, minor, patch


@dataclass(frozen=True, slots=True)
class Pin:
    """Which versions of a module a manifest takes: one exactly, or the newest that begins alike."""

    numbers: tuple[int, ...]
    exact: ModuleVersion | None = None

    @classmethod
    def parse(cls, text: str) -> Pin:
        """Read `12.0.3-41` (exact) or `~12`, `~12.0`, `~12.0.3` (newest of); raises BadInputError."""
        if match := TRACKER.fullmatch(text):
            return cls(tuple(int(number) for number in match.groups() if number is not None))
        if MODULE.fullmatch(text):
            version = ModuleVersion.parse(text)
            return cls((version.major, version.minor, version.patch), version)
        raise BadInputError(
            f"{text!r} is not a version to pin", hint="write one exactly, 12.0.3-41, or track with ~12.0"
        )

    def admits(self, version: ModuleVersion) -> bool:
        """Tell whether a version satisfies this pin."""
        if self.exact is not None:
            return version == self.exact
        return (version.major, version.minor, version.patch)[: len(self.numbers)] == self.numbers

    def following(self, version: ModuleVersion) -> Pin:
        """Give the pin that follows as closely as this one, and admits `version`."""
        if self.exact is not None:
            return Pin(version.numbers, version)
        return Pin(version.numbers[: len(self.numbers)])

    def __str__(self) -> str:
        return str(self.exact) if self.exact else "~" + ".".join(map(str, self.numbers))


@dataclass(frozen=True, slots=True)
class ImageVersion:
    """`<X.Y.Z of core>-<sum of all R>.<fingerprint>`, with an epoch before it where the manifest has one."""

    upstream: str
    revisions: int
    fingerprint: str
    epoch: int = 0

    @classmethod
    def parse(cls, text: str) -> ImageVersion:
        """Read an image version; raises BadInputError on anything else."""
        match = IMAGE.fullmatch(text)
        if not match:
            raise BadInputError(
                f"{text!r} is not an image version", hint="they look like 12.0.3-67.cbdppkwfzz"
            )
        epoch, major, minor, patch, revisions, fingerprint = match.groups()
        return cls(f"{major}.{minor}.{patch}", int(revisions), fingerprint, int(epoch or 0))

    @property
    def release(self) -> str:
        """The Release of an rpm, the revision of a .deb."""
        return f"{self.revisions}.{self.fingerprint}"

    @property
    def file_form(self) -> str:
        """The version without epoch: names of files hold no colon."""
        return f"{self.upstream}-{self.release}"

    def __str__(self) -> str:
        return f"{self.epoch}:{self.file_form}" if self.epoch else self.file_form


def fingerprint(platform: str, architecture: str, modules: Mapping[str, ModuleVersion]) -> str:
    """Give ten letters out of the sha256 of platform, architecture and {module: version}."""
    facts = {
        "architecture": architecture,
        "modules": {name: str(version) for name, version in modules.items()},
        "platform": platform,
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return letters_of(b"modpkg-image-v1\0" + text.encode())


def letters_of(data: bytes) -> str:
    """Give ten letters out of the sha256 of `data`."""
    number = int.from_bytes(hashlib.sha256(data).digest(), "big")
    letters = []
    for _ in range(FINGERPRINT_LENGTH):
        number, index = divmod(number, len(FINGERPRINT_LETTERS))
        letters.append(FINGERPRINT_LETTERS[index])
    return "".join(letters)


def image_version(
    platform: str, architecture: str, modules: Mapping[str, ModuleVersion], *, epoch: int = 0
) -> ImageVersion:
    """Derive the version of an image from those of its modules; one of them has to be `core`."""
    return ImageVersion(
        upstream=modules["core"].upstream,
        revisions=sum(version.revision for version in modules.values()),
        fingerprint=fingerprint(platform, architecture, modules),
        epoch=epoch,
    )
