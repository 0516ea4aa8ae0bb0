from __future__ import annotations

import re

import pytest

from modpkg.errors import BadInputError
from modpkg.model.version import (
    FINGERPRINT_LETTERS,
    ImageVersion,
    ModuleVersion,
    Pin,
    fingerprint,
    image_version,
    upstream_numbers,
)

SET = {"core": ModuleVersion(12, 0, 3, 41), "slurm": ModuleVersion(22, 5, 8, 26)}


def test_a_module_version_has_four_numbers() -> None:
    version = ModuleVersion.parse("12.0.3-41")
    assert version == ModuleVersion(12, 0, 3, 41)
    assert (str(version), version.upstream, version.numbers) == ("12.0.3-41", "12.0.3", (12, 0, 3))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12.0.3",
        "12.0-1",
        "12.0.3.1-1",
        "12.0.03-1",
        "12.0.3-0",
        "12.0.3-01",
        "v12.0.3-1",
        "12.0.3-1 ",
        "12.0.3-1\n",
        "12.0.3-rc1",
        "1:12.0.3-1",
        "-1.0.3-1",
        "１.0.0-1",  # noqa: RUF001 - a digit for Python's \d and int(), not for dpkg
        f"{'9' * 10}.0.0-1",
    ],
)
def test_other_texts_are_no_module_version(text: str) -> None:
    with pytest.raises(BadInputError, match="is not a module version"):
        ModuleVersion.parse(text)
    with pytest.raises(BadInputError, match="is not a version to pin"):
        Pin.parse(text)


@pytest.mark.parametrize("text", ["12.0", "12.0.3-1", "12.0.03", ""])
def test_three_numbers_or_nothing(text: str) -> None:
    assert upstream_numbers("12.0.3") == (12, 0, 3)
    with pytest.raises(BadInputError, match="is not a version"):
        upstream_numbers(text)


def test_module_versions_are_ordered_as_numbers() -> None:
    texts = ["1.9.0-3", "1.10.0-2", "1.10.0-10", "10.0.0-1"]
    assert sorted(map(ModuleVersion.parse, reversed(texts))) == list(map(ModuleVersion.parse, texts))


@pytest.mark.parametrize(
    ("pin", "admitted", "refused"),
    [
        ("~12", ["12.0.0-1", "12.9.9-9"], ["1.2.0-1", "120.0.0-1", "11.9.9-9"]),
        ("~12.0", ["12.0.0-1", "12.0.9-4"], ["12.1.0-1", "12.10.0-1"]),
        ("~12.0.3", ["12.0.3-1", "12.0.3-99"], ["12.0.30-1", "12.0.2-1"]),
        ("12.0.3-41", ["12.0.3-41"], ["12.0.3-4", "12.0.3-42", "12.0.4-41"]),
    ],
)
def test_pins_admit(pin: str, admitted: list[str], refused: list[str]) -> None:
    parsed = Pin.parse(pin)
    assert str(parsed) == pin
    assert all(parsed.admits(ModuleVersion.parse(text)) for text in admitted)
    assert not any(parsed.admits(ModuleVersion.parse(text)) for text in refused)


@pytest.mark.parametrize("text", ["~", "~12.", "~12.0.3-4", "~012", "~12.0.3.4", "12.0", "~x", ">=12"])
def test_other_texts_are_no_pin(text: str) -> None:
    with pytest.raises(BadInputError, match="is not a version to pin"):
        Pin.parse(text)


def test_an_image_version_is_derived_from_its_modules() -> None:
    version = image_version("bookworm", "amd64", SET)
    assert re.fullmatch(rf"12\.0\.3-67\.[{FINGERPRINT_LETTERS}]{{10}}", str(version))
    assert (version.upstream, version.revisions, version.epoch) == ("12.0.3", 67, 0)
    assert ImageVersion.parse(str(version)) == version


def test_the_fingerprint_never_changes() -> None:
    # Versions of published images are made of it: this literal may not move.
    assert fingerprint("bookworm", "amd64", SET) == "jpmfmpxpqx"


def test_the_fingerprint_knows_no_order_of_modules() -> None:
    assert fingerprint("p", "amd64", dict(reversed(SET.items()))) == fingerprint("p", "amd64", SET)


@pytest.mark.parametrize(
    ("platform", "architecture", "modules"),
    [
        ("trixie", "amd64", SET),
        ("bookworm", "arm64", SET),
        ("bookworm", "amd64", {"core": SET["core"], "slurn": SET["slurm"]}),
        ("bookworm", "amd64", {"core": SET["slurm"], "slurm": SET["core"]}),
    ],
)
def test_the_fingerprint_knows_all_else(
    platform: str, architecture: str, modules: dict[str, ModuleVersion]
) -> None:
    assert fingerprint(platform, architecture, modules) != fingerprint("bookworm", "amd64", SET)


def test_an_epoch_stands_in_front_but_not_in_file_names() -> None:
    version = image_version("bookworm", "amd64", SET, epoch=2)
    assert str(version) == f"2:{version.file_form}"
    assert ImageVersion.parse(str(version)) == version


def test_an_image_needs_core() -> None:
    with pytest.raises(KeyError, match="core"):
        image_version("bookworm", "amd64", {"slurm": SET["slurm"]})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12.0.3-67",
        "12.0.3-67.cbdppkwfz",
        "12.0.3-67.CBDPPKWFZZ",
        "0:12.0.3-67.cbdppkwfzz",
        "12.0.3-67.cbdppkwfza",
    ],
)
def test_other_texts_are_no_image_version(text: str) -> None:
    with pytest.raises(BadInputError, match="is not an image version"):
        ImageVersion.parse(text)


@pytest.mark.parametrize(
    ("pin", "following"),
    [("~11", "~12"), ("~11.4", "~12.0"), ("~12.0.2", "~12.0.3"), ("12.0.3-40", "12.0.3-41")],
)
def test_a_pin_that_follows_as_closely_admits_the_newer_one(pin: str, following: str) -> None:
    version = ModuleVersion.parse("12.0.3-41")
    found = Pin.parse(pin).following(version)
    assert str(found) == following
    assert found.admits(version)
