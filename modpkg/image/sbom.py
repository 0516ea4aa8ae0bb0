"""The bill of materials of an image: SPDX 2.3 in JSON (the specification's clauses 6 to 11), out of modules' records.

A function of the modules and the image's name: no clock, no address, no version of modpkg.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from modpkg.formats.canonical import canonical_json, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modpkg.model.image import Image
    from modpkg.model.module import IncludedPackage, Module

DOCUMENT: Final = "SPDXRef-DOCUMENT"
IMAGE: Final = "SPDXRef-Image"
UNKNOWN: Final = "NOASSERTION"
# Characters of a Debian version that a package URL keeps; "+" and ":" it writes in percent.
KEPT: Final = "~.-_"
Part = dict[str, Any]


def sbom_text(name: str, image: Image, modules: Sequence[Module]) -> str:
    """Give the SPDX document of the image `name`: the image holds modules, those hold packages."""
    ordered = sorted(modules, key=lambda module: module.name)
    packages = {_package_id(package): package for module in ordered for package in module.packages}
    parts = [
        _image_part(name, image),
        *(_module_part(module) for module in ordered),
        *(_package_part(spdx_id, packages[spdx_id], image) for spdx_id in sorted(packages)),
    ]
    relations = list(_relations(ordered))
    newest = max(module.source_date_epoch for module in ordered)
    return canonical_json(
        {
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": DOCUMENT,
            "name": f"{name}-{image.version}",
            # Unique for its content, as the specification asks (6.5); it need not lead anywhere.
            "documentNamespace": f"urn:modpkg:sbom:{digest_of([parts, relations])}",
            "creationInfo": {"created": _moment(newest), "creators": ["Tool: modpkg"]},
            "packages": parts,
            "relationships": relations,
        }
    )


def _image_part(name: str, image: Image) -> Part:
    return {
        **_part(IMAGE, name, image.version),
        "primaryPackagePurpose": "OPERATING-SYSTEM",
        "comment": f"{image.platform} {image.architecture}",
    }


def _module_part(module: Module) -> Part:
    return {
        **_part(_module_id(module.name), module.package_name, module.version),
        "summary": module.summary,
        "homepage": module.homepage,
        "licenseDeclared": module.license,
        "supplier": _person(module.maintainer),
        "comment": f"the checksum is that of the fragment in the package; inputs {module.inputs}",
        "checksums": [_checksum(module.fragment.sha256)],
    }


def _package_part(spdx_id: str, package: IncludedPackage, image: Image) -> Part:
    version = quote(package.version, safe=KEPT)
    where = f"arch={package.architecture}&distro={image.platform}"
    return {
        **_part(spdx_id, package.name, package.version),
        "licenseDeclared": package.license or UNKNOWN,
        "sourceInfo": f"built from the source package {package.source} {package.source_version}",
        "checksums": [_checksum(package.sha256)],
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": f"pkg:deb/debian/{quote(package.name, safe=KEPT)}@{version}?{where}",
            }
        ],
    }


def _part(spdx_id: str, name: str, version: str) -> Part:
    return {
        "SPDXID": spdx_id,
        "name": name,
        "versionInfo": version,
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": UNKNOWN,
        "licenseDeclared": UNKNOWN,
        "copyrightText": UNKNOWN,
    }


def _relations(modules: Sequence[Module]) -> Iterator[Part]:
    yield _relation(DOCUMENT, "DESCRIBES", IMAGE)
    for module in modules:
        me = _module_id(module.name)
        yield _relation(IMAGE, "CONTAINS", me)
        for lower in sorted(module.depends, key=lambda lower: lower.name):
            yield _relation(me, "DEPENDS_ON", _module_id(lower.name))
        for package in sorted({_package_id(package) for package in module.packages}):
            yield _relation(me, "CONTAINS", package)


def _relation(one: str, kind: str, other: str) -> Part:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _module_id(name: str) -> str:
    return f"SPDXRef-Module-{name}"


def _package_id(package: IncludedPackage) -> str:
    # Ids have letters, digits, "." and "-" only (clause 3.2 of the grammar); "+" is common in names.
    name = package.name.replace("+", ".plus.")
    return f"SPDXRef-Package-{name}-{package.architecture}-{package.sha256[:12]}"


def _person(maintainer: str) -> str:
    name, _, address = maintainer.rstrip(">").partition(" <")
    return f"Person: {name} ({address})"


def _checksum(sha256: str) -> Part:
    return {"algorithm": "SHA256", "checksumValue": sha256}


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
