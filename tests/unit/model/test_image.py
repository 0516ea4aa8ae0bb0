from typing import Any

import pytest
from pydantic import ValidationError

from modpkg.formats.canonical import canonical_json
from modpkg.model.image import Image, ImageDirectory, ImageFile, ImageModule
from modpkg.model.module import ASSEMBLY_FORMAT, ModuleTest

CORE = ImageModule(name="core", version="12.0.3-41", fragment="a" * 64, size=44_000_000)
IMAGE = Image(
    version="12.0.3-67.cbdppkwfzz",
    platform="bookworm",
    architecture="amd64",
    modules=(CORE,),
    marks=("fast",),
)
ABOUT = ImageDirectory(
    name="compute",
    image=IMAGE,
    kernel="6.1.0",
    kernel_arguments=("quiet",),
    files={"vmlinuz": ImageFile(size=8, sha256="b" * 64)},
    waits_for_site=("munge.service",),
    tests={"core": (ModuleTest(name="ssh", run="sshd -t"),)},
)


def test_image_json_survives_its_file() -> None:
    assert ImageDirectory.model_validate_json(canonical_json(ABOUT)) == ABOUT
    assert Image.model_validate_json(IMAGE.model_dump_json()) == IMAGE


def test_an_image_names_the_rules_of_its_assembly() -> None:
    assert IMAGE.assembly_format == ASSEMBLY_FORMAT


def test_what_lies_inside_an_image_knows_neither_name_nor_arguments() -> None:
    # Two image names with equal modules have an equal root.
    assert {"name", "kernel_arguments", "files"} & set(Image.model_fields) == set()


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ImageModule, {"fragment": "x"}),
        (ImageModule, {"name": "Core"}),
        (ImageModule, {"size": "many"}),
        (ImageModule, {"colour": "blue"}),
        (Image, {"platform": "../x"}),
        (Image, {"marks": ("slow",)}),
        (ImageDirectory, {"name": "a/b"}),
        (ImageDirectory, {"files": {"vmlinuz": {"size": 8}}}),
    ],
)
def test_other_values_are_refused(kind: type[Any], fields: dict[str, Any]) -> None:
    known = {ImageModule: CORE, Image: IMAGE, ImageDirectory: ABOUT}[kind].model_dump()
    with pytest.raises(ValidationError):
        kind.model_validate(known | fields)


def test_the_arguments_name_files_and_digests() -> None:
    root, site = ImageFile(size=1, sha256="c" * 64), ImageFile(size=1, sha256="d" * 64)
    plain = ABOUT.model_copy(update={"files": {"root.squashfs": root}})
    assert plain.arguments == ("quiet", "modpkg.image=root.squashfs", f"modpkg.sha256={'c' * 64}")
    sited = ABOUT.model_copy(update={"files": {"root.squashfs": root, "site.squashfs": site}})
    more = ("modpkg.site=site.squashfs", f"modpkg.site-sha256={'d' * 64}")
    assert sited.arguments == (*plain.arguments, *more)


def test_an_image_without_a_site_says_so() -> None:
    assert ABOUT.site is None
    assert '"site": null' in canonical_json(ABOUT)
