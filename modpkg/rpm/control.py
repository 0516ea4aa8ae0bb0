"""What the main header of a module's .rpm says: names, relations, files, changelog.

Pure. Never a scriptlet, never a tag without a value.
"""

from __future__ import annotations

import hashlib
import textwrap
from posixpath import basename, dirname
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.formats import relations
from modpkg.formats.package_docs import moment, paragraphs
from modpkg.formats.relations import Relation
from modpkg.model.platform import RPM_ARCHITECTURES
from modpkg.model.version import ModuleVersion
from modpkg.rpm.header import Value, integers, string, strings, translated
from modpkg.rpm.tags import SHA256_ALGORITHM, FileFlag, Sense, Tag, Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.formats.payload import Entry
    from modpkg.model.module import Module

# What rpm has to understand to unpack the payload, with the version that learned it.
RPMLIB: Final = {
    "rpmlib(CompressedFileNames)": "3.0.4-1",
    "rpmlib(FileDigests)": "4.6.0-1",
    "rpmlib(PayloadFilesHavePrefix)": "4.0-1",
}
# The format is that of rpm 4.14: header and payload have a sha256, files too.
RPM_VERSION: Final = "4.14.0"
BUILD_HOST: Final = "modpkg"
GROUP: Final = "System Environment/Base"
WIDTH: Final = 79
ALL_CHECKS: Final = 0xFFFFFFFF
DOCUMENTATION: Final = "usr/share/doc/"


def architecture(module: Module) -> str:
    """Give rpm's name of the module's architecture."""
    for name, translated_name in RPM_ARCHITECTURES.items():
        if name == module.architecture:
            return translated_name
    raise ModpkgError(
        f"cannot write an .rpm for {module.architecture!r}", hint=f"known are {', '.join(RPM_ARCHITECTURES)}"
    )


def header_values(module: Module, entries: Sequence[Entry], payload_sha256: str) -> dict[int, Value]:
    """Give all tags of the main header for the files and directories that the package owns."""
    files = sorted(entries, key=lambda entry: entry.path)
    return {
        **_identity(module),
        **_description(module, sum(entry.size for entry in files)),
        **_relations(module),
        **_changelog(module),
        **file_values(files, moment=module.source_date_epoch),
        Tag.FILE_DIGESTS: strings(_digest(module, entry) for entry in files),
        **file_names(files),
        **payload_values(payload_sha256),
    }


def payload_values(sha256: str) -> dict[int, Value]:
    """Give the tags that say how the payload is packed, and its digest."""
    return {
        Tag.PAYLOAD_FORMAT: string("cpio"),
        Tag.PAYLOAD_COMPRESSOR: string("gzip"),
        Tag.PAYLOAD_FLAGS: string("0"),
        Tag.PAYLOAD_DIGEST: strings([sha256]),
        Tag.PAYLOAD_DIGEST_ALGORITHM: integers([SHA256_ALGORITHM]),
    }


def _identity(module: Module) -> dict[int, Value]:
    version = ModuleVersion.parse(module.version)
    arch = architecture(module)
    return {
        Tag.I18N_TABLE: strings(["C"]),
        Tag.NAME: string(module.package_name),
        Tag.VERSION: string(version.upstream),
        Tag.RELEASE: string(str(version.revision)),
        Tag.OS: string("linux"),
        Tag.ARCH: string(arch),
        Tag.PLATFORM: string(f"{arch}-linux"),
        # Without the name of a source package rpm takes a package for one.
        Tag.SOURCE_RPM: string(f"{module.package_name}-{module.version}.src.rpm"),
        Tag.RPM_VERSION: string(RPM_VERSION),
        Tag.ENCODING: string("utf-8"),
    }


def _description(module: Module, size: int) -> dict[int, Value]:
    text = "\n\n".join(textwrap.fill(part, WIDTH, break_on_hyphens=False) for part in paragraphs(module))
    return {
        Tag.SUMMARY: translated(module.summary),
        Tag.DESCRIPTION: translated(text),
        Tag.BUILD_TIME: integers([module.source_date_epoch]),
        Tag.BUILD_HOST: string(BUILD_HOST),
        Tag.SIZE: integers([size]),
        Tag.LICENSE: string(module.license),
        Tag.PACKAGER: string(module.maintainer),
        Tag.GROUP: translated(GROUP),
        Tag.URL: string(module.homepage),
    }


def provides(module: Module) -> tuple[Relation, ...]:
    """Give what the .rpm provides, sorted: itself, its names, its fragment, its marks, what it bundles."""
    own = {
        module.package_name: module.version,
        "modpkg-assembly-format": str(module.assembly_format),
        "modpkg-fragment(sha256)": module.fragment.sha256,
        "modpkg-fragment(size)": str(module.fragment.size),
    }
    found = {Relation(name=name, version=version) for name, version in own.items()}
    found |= {Relation(name=f"modpkg-mark({mark})") for mark in module.marks}
    found |= {
        Relation(name=f"bundled({package.name})", version=package.version) for package in module.packages
    }
    found |= set(relations.provides(module))
    return tuple(sorted(found, key=lambda relation: (relation.name, relation.version)))


def _relations(module: Module) -> dict[int, Value]:
    rpmlib = Sense.RPMLIB | Sense.LESS | Sense.EQUAL
    needed = [(relation.name, relation.version, _sense(relation)) for relation in relations.requires(module)]
    needed += [(name, version, rpmlib) for name, version in RPMLIB.items()]
    given = provides(module)
    found: dict[int, Value] = {
        Tag.REQUIRE_NAME: strings(name for name, _, _ in needed),
        Tag.REQUIRE_VERSION: strings(version for _, version, _ in needed),
        Tag.REQUIRE_FLAGS: integers([sense for _, _, sense in needed]),
        Tag.PROVIDE_NAME: strings(relation.name for relation in given),
        Tag.PROVIDE_VERSION: strings(relation.version for relation in given),
        Tag.PROVIDE_FLAGS: integers([_sense(relation) for relation in given]),
    }
    if refused := relations.conflicts(module):
        found |= {
            Tag.CONFLICT_NAME: strings(relation.name for relation in refused),
            Tag.CONFLICT_VERSION: strings(relation.version for relation in refused),
            Tag.CONFLICT_FLAGS: integers([_sense(relation) for relation in refused]),
        }
    return found


def _sense(relation: Relation) -> Sense:
    return Sense.EQUAL if relation.version else Sense.ANY


def _changelog(module: Module) -> dict[int, Value]:
    entries = module.changelog
    texts = ["\n".join(f"- {change.strip()}" for change in entry.changes) for entry in entries]
    return {
        Tag.CHANGELOG_TIME: integers([int(moment(entry).timestamp()) for entry in entries]),
        Tag.CHANGELOG_NAME: strings(f"{entry.author} - {entry.version}" for entry in entries),
        Tag.CHANGELOG_TEXT: strings(texts),
    }


def file_names(files: Sequence[Entry]) -> dict[int, Value]:
    """Give the tags that say what files are called."""
    directories = sorted({f"/{dirname(entry.path)}/" for entry in files})
    return {
        Tag.BASE_NAMES: strings(basename(entry.path) for entry in files),
        Tag.DIR_NAMES: strings(directories),
        Tag.DIR_INDEXES: integers([directories.index(f"/{dirname(entry.path)}/") for entry in files]),
    }


def file_values(files: Sequence[Entry], *, moment: int) -> dict[int, Value]:
    """Give the tags that say what files are, but for their digests; all belong to root and are of one moment."""
    count = len(files)
    return {
        Tag.FILE_SIZES: integers([entry.size for entry in files]),
        Tag.FILE_MODES: integers([entry.mode for entry in files], Type.INT16),
        Tag.FILE_RDEVS: integers([0] * count, Type.INT16),
        Tag.FILE_MTIMES: integers([moment] * count),
        Tag.FILE_DIGEST_ALGORITHM: integers([SHA256_ALGORITHM]),
        Tag.FILE_LINK_TOS: strings([""] * count),
        Tag.FILE_FLAGS: integers([flags_of(entry) for entry in files]),
        Tag.FILE_USER_NAME: strings(["root"] * count),
        Tag.FILE_GROUP_NAME: strings(["root"] * count),
        Tag.FILE_VERIFY_FLAGS: integers([ALL_CHECKS] * count),
        Tag.FILE_DEVICES: integers([1] * count),
        Tag.FILE_INODES: integers(range(1, count + 1)),
        Tag.FILE_LANGS: strings([""] * count),
    }


def _digest(module: Module, entry: Entry) -> str:
    if entry.kind == "file":
        return hashlib.sha256(entry.content).hexdigest()
    return module.fragment.sha256 if entry.kind == "fragment" else ""


def flags_of(entry: Entry) -> FileFlag:
    """Give the flag of a file: documents are told apart."""
    documents = entry.kind == "file" and entry.path.startswith(DOCUMENTATION)
    return FileFlag.DOCUMENTATION if documents else FileFlag.NONE
