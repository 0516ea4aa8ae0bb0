"""Writes the .rpm of a small package of plain files. No scriptlet, no clock, no compressor."""

from __future__ import annotations

import hashlib
import textwrap
from typing import TYPE_CHECKING, Final

from modpkg.formats.plain import OWNED_ELSEWHERE, PlainPackage, plain_entries
from modpkg.formats.stored import frame
from modpkg.host.files import Receipt, write_atomically
from modpkg.model.version import ModuleVersion
from modpkg.rpm import cpio
from modpkg.rpm.control import (
    BUILD_HOST,
    GROUP,
    RPM_VERSION,
    RPMLIB,
    WIDTH,
    file_names,
    file_values,
    flags_of,
    payload_values,
)
from modpkg.rpm.header import Value, encode, integers, string, strings, translated
from modpkg.rpm.tags import FileFlag, Sense, Tag
from modpkg.rpm.write import CHANGELOG, lead, signature_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.formats.payload import Entry

ARCHITECTURE: Final = "noarch"
LEAD_NOARCH: Final = 255


def write_plain_rpm(package: PlainPackage, directory: Path) -> Receipt:
    """Write `<name>-<version>-<release>.noarch.rpm` into `directory`."""
    content = [
        entry for entry in plain_entries(package, changelog=CHANGELOG) if entry.path not in OWNED_ELSEWHERE
    ]
    unpacked = _payload(content, package.moment)
    payload = frame(unpacked)
    values = _values(package, content, hashlib.sha256(payload).hexdigest())
    main = encode(values, region=Tag.REGION)
    head = lead(f"{package.name}-{package.version}", LEAD_NOARCH)
    path = directory / f"{package.name}-{package.version}.{ARCHITECTURE}.rpm"
    return write_atomically(path, head + signature_of(main, len(payload), len(unpacked)) + main + payload)


def _payload(content: Sequence[Entry], moment: int) -> bytes:
    pieces = []
    for inode, entry in enumerate(content, 1):
        name = f"./{entry.path}"
        pieces += [cpio.header(name, mode=entry.mode, size=entry.size, mtime=moment, inode=inode)]
        pieces += [entry.content, cpio.padding(entry.size)]
    return b"".join([*pieces, cpio.end()])


def _values(package: PlainPackage, content: Sequence[Entry], payload_sha256: str) -> dict[int, Value]:
    files = sorted(content, key=lambda entry: entry.path)
    kept = FileFlag.CONFIG | FileFlag.NOREPLACE
    flags = [kept if entry.path in package.config else flags_of(entry) for entry in files]
    digests = [hashlib.sha256(entry.content).hexdigest() if entry.kind == "file" else "" for entry in files]
    return {
        **_identity(package, sum(entry.size for entry in files)),
        **_relations(package),
        **file_values(files, moment=package.moment),
        Tag.FILE_FLAGS: integers(flags),
        Tag.FILE_DIGESTS: strings(digests),
        **file_names(files),
        **payload_values(payload_sha256),
        Tag.CHANGELOG_TIME: integers([package.moment]),
        Tag.CHANGELOG_NAME: strings([f"{package.maintainer} - {package.version}"]),
        Tag.CHANGELOG_TEXT: strings([f"- {package.change}"]),
    }


def _identity(package: PlainPackage, size: int) -> dict[int, Value]:
    version = ModuleVersion.parse(package.version)
    return {
        Tag.I18N_TABLE: strings(["C"]),
        Tag.NAME: string(package.name),
        Tag.VERSION: string(version.upstream),
        Tag.RELEASE: string(str(version.revision)),
        Tag.SUMMARY: translated(package.summary),
        Tag.DESCRIPTION: translated(textwrap.fill(package.description, WIDTH, break_on_hyphens=False)),
        Tag.BUILD_TIME: integers([package.moment]),
        Tag.BUILD_HOST: string(BUILD_HOST),
        Tag.SIZE: integers([size]),
        Tag.LICENSE: string(package.license),
        Tag.PACKAGER: string(package.maintainer),
        Tag.GROUP: translated(GROUP),
        Tag.URL: string(package.homepage),
        Tag.OS: string("linux"),
        Tag.ARCH: string(ARCHITECTURE),
        Tag.PLATFORM: string(f"{ARCHITECTURE}-linux"),
        Tag.SOURCE_RPM: string(f"{package.name}-{package.version}.src.rpm"),
        Tag.RPM_VERSION: string(RPM_VERSION),
        Tag.ENCODING: string("utf-8"),
    }


def _relations(package: PlainPackage) -> dict[int, Value]:
    rpmlib = Sense.RPMLIB | Sense.LESS | Sense.EQUAL
    needed = [(name, "", Sense.ANY) for name in package.requires]
    needed += [(name, version, rpmlib) for name, version in RPMLIB.items()]
    return {
        Tag.PROVIDE_NAME: strings([package.name]),
        Tag.PROVIDE_VERSION: strings([package.version]),
        Tag.PROVIDE_FLAGS: integers([Sense.EQUAL]),
        Tag.REQUIRE_NAME: strings(name for name, _, _ in needed),
        Tag.REQUIRE_VERSION: strings(version for _, version, _ in needed),
        Tag.REQUIRE_FLAGS: integers([sense for _, _, sense in needed]),
    }
