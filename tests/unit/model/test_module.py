from typing import Any

import pytest
from pydantic import ValidationError

from modpkg.formats.canonical import canonical_json
from modpkg.model.module import ASSEMBLY_FORMAT, MODULE_SCHEMA, Alternative, Choice, Module, State
from tests.support.modules import module as filled
from tests.support.stack import make_module

STATE = State(
    stanzas=("Package: munge",),
    lines={"etc/passwd": ("munge:x:301:301::/:/bin/sh",), "etc/empty": ()},
    members={"etc/group": {"video": ("munge",)}},
    alternatives={
        "awk": Alternative(
            link="/usr/bin/awk",
            slaves={"awk.1.gz": "/usr/share/man/man1/awk.1.gz"},
            choices=(Choice(path="/usr/bin/gawk", priority=10, missing=("awk.1.gz",)),),
        )
    },
)


def test_a_module_with_every_field_survives_json() -> None:
    module = filled(
        state=STATE.model_dump(mode="json"), marks=("fast",), kernel="6.1.0", replaces=("/etc/x",)
    )
    assert Module.model_validate_json(module.model_dump_json()) == module
    assert Module.model_validate_json(canonical_json(module)) == module


def test_canonical_json_of_equal_modules_is_equal() -> None:
    one = make_module("core", paths={"a": "dir 0755 0 0", "b": "dir 0755 0 0"})
    other = make_module("core", paths={"b": "dir 0755 0 0", "a": "dir 0755 0 0"})
    assert canonical_json(one) == canonical_json(other)


def test_the_formats_are_written_down() -> None:
    fields = make_module("core").model_dump()
    assert (fields["schema_version"], fields["assembly_format"]) == (MODULE_SCHEMA, ASSEMBLY_FORMAT)


def test_a_module_says_nothing_that_it_was_not_told() -> None:
    module = make_module("core")
    assert (module.marks, module.depends, module.replaces, module.tests) == ((), (), (), ())
    assert module.state == State(stanzas=(), lines={}, members={}, alternatives={})
    assert module.kernel is None


def test_the_name_of_the_package_has_module_and_platform() -> None:
    module = make_module("my-lib", platform="el9")
    assert module.package_name == "modpkg-module-my-lib-el9"
    assert module.directory == "usr/share/modpkg/modules/el9/my-lib"


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Core"},
        {"name": "../core"},
        {"platform": "book worm"},
        {"inputs": "x"},
        {"inputs": "A" * 64},
        {"marks": ("slow",)},
        {"conflicts": ("A",)},
        {"colour": "blue"},
    ],
)
def test_what_no_build_writes_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make_module(**fields) if "name" in fields else make_module("core", **fields)


@pytest.mark.parametrize("name", ["version", "changelog", "fragment", "packages", "paths", "inputs"])
def test_no_field_may_be_missing(name: str) -> None:
    fields = make_module("core").model_dump(mode="json")
    del fields[name]
    with pytest.raises(ValidationError, match=name):
        Module.model_validate(fields)


def test_a_module_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        make_module("core").version = "2.0.0-1"  # type: ignore[misc]
