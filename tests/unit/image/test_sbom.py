"""The bill of materials, read by the reference library of SPDX."""

import json
from typing import Any

import pytest
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from modpkg.image.identity import image_of
from modpkg.image.sbom import sbom_text
from modpkg.model.module import IncludedPackage, Module
from tests.support.stack import lower, make_module


def package(name: str, version: str = "1.0-1", **changes: str) -> IncludedPackage:
    known = {
        "name": name,
        "version": version,
        "architecture": "amd64",
        "source": name,
        "source_version": version,
        "sha256": name.encode().hex().ljust(64, "0")[:64],
    }
    return IncludedPackage.model_validate({**known, **changes})


GXX = package("libstdc++6", "1:12.2.0-14+deb12u1", source="gcc-12", source_version="12.2.0-14+deb12u1")
SHARED = package("libc6", "2.36-9~deb12", license="LGPL-2.1-or-later", architecture="all")
CORE = make_module("core", packages=(GXX, SHARED))
SLURM = make_module("slurm", packages=(SHARED,), depends=(lower(CORE),), source_date_epoch=1_700_000_001)
MODULES = (SLURM, CORE)


def sbom(modules: tuple[Module, ...] = MODULES, name: str = "compute") -> dict[str, Any]:
    return dict(json.loads(sbom_text(name, image_of(modules), modules)))


def by_name(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (part for part in document["packages"] if part["name"] == name)
    return dict(found)


@pytest.mark.filterwarnings("ignore")
def test_the_reference_library_finds_no_fault() -> None:
    document = JsonLikeDictParser().parse(sbom())
    assert [fault.validation_message for fault in validate_full_spdx_document(document)] == []
    assert len(document.packages) == 5


@pytest.mark.filterwarnings("ignore")
def test_the_reference_library_would_find_one() -> None:
    broken = sbom()
    broken["relationships"][-1]["relatedSpdxElement"] = "SPDXRef-nothing"
    assert validate_full_spdx_document(JsonLikeDictParser().parse(broken))


def test_a_package_has_version_digest_source_and_an_address_of_its_kind() -> None:
    found = by_name(sbom(), "libstdc++6")
    assert found["versionInfo"] == "1:12.2.0-14+deb12u1"
    assert found["checksums"] == [{"algorithm": "SHA256", "checksumValue": GXX.sha256}]
    assert found["sourceInfo"] == "built from the source package gcc-12 12.2.0-14+deb12u1"
    assert found["licenseDeclared"] == "NOASSERTION"
    assert [reference["referenceLocator"] for reference in found["externalRefs"]] == [
        "pkg:deb/debian/libstdc%2B%2B6@1%3A12.2.0-14%2Bdeb12u1?arch=amd64&distro=bookworm"
    ]


def test_a_tilde_stays_and_a_licence_is_told() -> None:
    found = by_name(sbom(), "libc6")
    assert "@2.36-9~deb12?arch=all" in found["externalRefs"][0]["referenceLocator"]
    assert found["licenseDeclared"] == "LGPL-2.1-or-later"


def test_modules_hold_packages_and_stand_on_modules() -> None:
    relations = {
        (one["spdxElementId"], one["relationshipType"], one["relatedSpdxElement"])
        for one in sbom()["relationships"]
    }
    libc = by_name(sbom(), "libc6")["SPDXID"]
    assert relations >= {
        ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image"),
        ("SPDXRef-Image", "CONTAINS", "SPDXRef-Module-core"),
        ("SPDXRef-Image", "CONTAINS", "SPDXRef-Module-slurm"),
        ("SPDXRef-Module-slurm", "DEPENDS_ON", "SPDXRef-Module-core"),
        ("SPDXRef-Module-core", "CONTAINS", libc),
        ("SPDXRef-Module-slurm", "CONTAINS", libc),
    }


def test_a_package_of_two_modules_is_there_once() -> None:
    assert len([part for part in sbom()["packages"] if part["name"] == "libc6"]) == 1


def test_two_versions_of_a_name_are_two() -> None:
    other = package("libc6", "2.37-1", sha256="f" * 64)
    found = sbom((CORE, make_module("other", packages=(other,))))
    assert len([part for part in found["packages"] if part["name"] == "libc6"]) == 2


def test_the_order_of_modules_says_nothing_and_the_newest_is_the_date() -> None:
    one = sbom_text("compute", image_of(MODULES), MODULES)
    assert one == sbom_text("compute", image_of(MODULES), MODULES[::-1])
    assert json.loads(one)["creationInfo"] == {
        "created": "2023-11-14T22:13:21Z",
        "creators": ["Tool: modpkg"],
    }


def test_other_content_has_another_namespace() -> None:
    spaces = {
        sbom()["documentNamespace"],
        sbom((CORE,))["documentNamespace"],
        sbom(name="x")["documentNamespace"],
    }
    assert len(spaces) == 3
