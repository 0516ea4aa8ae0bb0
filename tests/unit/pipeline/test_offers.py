from dataclasses import dataclass, field

import pytest

from modpkg.errors import BadInputError
from modpkg.model.version import ModuleVersion
from modpkg.pipeline.offers import Offer, offers_of

CONTROL = {
    "Package": "modpkg-module-slurm-bookworm",
    "Version": "22.5.8-3",
    "Architecture": "amd64",
    "Depends": "modpkg-module-core-bookworm (= 12.0.3-41), modpkg-module-my-lib-bookworm (= 1.0.0-1)",
    "Modpkg-Module": "slurm",
    "Modpkg-Platform": "bookworm",
    "Modpkg-Fragment-Sha256": "f" * 64,
    "Modpkg-Fragment-Size": "4096",
}


@dataclass(frozen=True, slots=True)
class Entry:
    control: dict[str, str]
    path: str = "pool/ab/slurm.deb"
    sha256: str = field(default="a" * 64)


def test_a_stanza_becomes_an_offer() -> None:
    assert offers_of([Entry(CONTROL)], platform="bookworm", architecture="amd64") == (
        Offer(
            module="slurm",
            version=ModuleVersion(22, 5, 8, 3),
            depends={"core": ModuleVersion(12, 0, 3, 41), "my-lib": ModuleVersion(1, 0, 0, 1)},
            deb_path="pool/ab/slurm.deb",
            deb_sha256="a" * 64,
            fragment_sha256="f" * 64,
            fragment_size=4096,
        ),
    )


@pytest.mark.parametrize(
    "change", [{"Modpkg-Platform": "trixie"}, {"Architecture": "arm64"}, {"Modpkg-Module": None}]
)
def test_other_platforms_architectures_and_packages_are_left_out(change: dict[str, str | None]) -> None:
    control = {name: value for name, value in {**CONTROL, **change}.items() if value is not None}
    assert offers_of([Entry(control)], platform="bookworm", architecture="amd64") == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Depends": "libc6 (>= 2)"}, "its Depends has 'libc6"),
        ({"Depends": "modpkg-module-core-trixie (= 1.0.0-1)"}, "its Depends has"),
        ({"Modpkg-Fragment-Size": "big"}, "invalid literal"),
        ({"Modpkg-Fragment-Sha256": None}, "Modpkg-Fragment-Sha256"),
    ],
)
def test_a_stanza_that_says_too_little_is_named(change: dict[str, str | None], message: str) -> None:
    control = {name: value for name, value in {**CONTROL, **change}.items() if value is not None}
    with pytest.raises(BadInputError, match=message) as raised:
        offers_of([Entry(control)], platform="bookworm", architecture="amd64")
    assert "pool/ab/slurm.deb" in raised.value.what
