from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from modpkg.model import recipe
from modpkg.model.recipe import FileInfo, Recipe, Unit

FIELDS: dict[str, Any] = {
    "name": "slurm",
    "version": "22.5.8",
    "summary": "s",
    "description": "d",
    "license": "MIT",
    "homepage": "https://www.example.org",
    "maintainer": "A <a@example.org>",
    "platforms": ("bookworm",),
}


def test_packages_are_for_all_platforms_or_for_each() -> None:
    assert Recipe(**FIELDS, packages=("a1",)).packages_for("any") == ("a1",)
    each = Recipe(**FIELDS, packages={"bookworm": ("a1",), "el9": ("b1",)})
    assert (each.packages_for("el9"), each.packages_for("other")) == (("b1",), ())


@pytest.mark.parametrize("mode", ["0644", "0755", "04755", "0000"])
def test_modes(mode: str) -> None:
    assert FileInfo(mode=mode).mode == mode


@pytest.mark.parametrize("mode", ["644", "0888", "rwx", "0o644", "064", "064444", "0644\n"])
def test_other_modes(mode: str) -> None:
    with pytest.raises(ValidationError):
        FileInfo(mode=mode)


@pytest.mark.parametrize(
    "unit", ["munge.service", "getty@tty1.service", r"dev-disk-by\x2did.device", "a:b.mount"]
)
def test_units(unit: str) -> None:
    assert TypeAdapter(Unit).validate_python(unit) == unit


@pytest.mark.parametrize("unit", ["munge", "munge.", "../a.service", "a b.service", ".service\n"])
def test_other_units(unit: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Unit).validate_python(unit)


def test_what_a_test_expects_is_a_regular_expression() -> None:
    assert recipe.Test(name="t", run="true", stdout="^slurm [0-9]+").stdout == "^slurm [0-9]+"
    with pytest.raises(ValidationError, match="not a regular expression"):
        recipe.Test(name="t", run="true", stdout="(")


def test_a_summary_is_short() -> None:
    with pytest.raises(ValidationError):
        Recipe(**{**FIELDS, "summary": "x" * 81})


def test_packages_of_a_build_are_those_of_the_platform() -> None:
    each = Recipe(**FIELDS, build={"packages": {"el9": ("gcc",)}, "scripts": ("make.sh",)})
    assert (each.build_packages_for("el9"), each.build_packages_for("other")) == (("gcc",), ())
    assert Recipe(**FIELDS, build={"packages": ("gcc",)}).build_packages_for("any") == ("gcc",)
    assert Recipe(**FIELDS).build_packages_for("any") == ()
