import pytest
from pydantic import ValidationError

from modpkg.formats.canonical import canonical_json
from modpkg.model.lock import LockedPackage, PlatformLock


def test_an_epoch_is_escaped_in_the_name_of_a_file() -> None:
    package = LockedPackage(
        name="login",
        version="1:4.13+dfsg1-1",
        architecture="amd64",
        source="shadow",
        source_version="1:4.13+dfsg1-1",
        mirror="debian",
        path="pool/main/s/shadow/login_4.13+dfsg1-1_amd64.deb",
        size=1,
        sha256="0" * 64,
    )
    assert package.file_name == "login_1%3a4.13+dfsg1-1_amd64.deb"


PACKAGE = {
    "name": "munge",
    "version": "0.5.15-2",
    "architecture": "amd64",
    "source": "munge",
    "source_version": "0.5.15-2",
    "mirror": "debian",
    "path": "pool/main/m/munge/munge_0.5.15-2_amd64.deb",
    "size": 100,
    "sha256": "a" * 64,
}


def test_a_platform_lock_survives_its_file() -> None:
    lock = PlatformLock(
        platform="bookworm",
        architecture="amd64",
        inputs="b" * 64,
        modules={"slurm": (LockedPackage(**PACKAGE),), "kernel": ()},
    )
    assert PlatformLock.model_validate_json(canonical_json(lock)) == lock


def test_packages_can_be_kept_in_sets() -> None:
    one, other = LockedPackage(**PACKAGE), LockedPackage(**PACKAGE)
    assert len({one, other, LockedPackage(**{**PACKAGE, "version": "1"})}) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "x"},
        {"sha256": "A" * 64},
        {"size": "many"},
        {"mirror": "https://a.example"},
        {"colour": "blue"},
    ],
)
def test_a_package_with_other_values_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LockedPackage.model_validate(PACKAGE | change)


@pytest.mark.parametrize("name", sorted(PACKAGE))
def test_nothing_of_a_package_may_be_missing(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        LockedPackage.model_validate({key: value for key, value in PACKAGE.items() if key != name})


@pytest.mark.parametrize("version", ["1.0-1", "0~rc1", "1.0+dfsg-1~deb12u1"])
def test_a_version_without_an_epoch_is_the_name_of_the_file(version: str) -> None:
    assert LockedPackage(**{**PACKAGE, "version": version}).file_name == f"munge_{version}_amd64.deb"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "../../etc/passwd"),
        ("name", "-o"),
        ("version", "1/../../x"),
        ("architecture", "../amd64"),
        ("path", "../../etc/passwd"),
        ("path", "/etc/passwd"),
        ("path", "pool//x"),
        ("size", -1),
        ("sha256", "../" * 21 + "x"),
    ],
)
def test_what_becomes_a_path_leads_nowhere_else(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        LockedPackage.model_validate({**PACKAGE, field: value})


def test_a_build_needs_the_packages_of_the_module_and_its_own() -> None:
    one = LockedPackage(**PACKAGE)
    other = LockedPackage(**{**PACKAGE, "name": "gcc"})
    lock = PlatformLock(
        platform="bookworm",
        architecture="amd64",
        inputs="b" * 64,
        modules={"munge": (one,), "slurm": (one,)},
        build={"slurm": (other,)},
    )
    assert (lock.needed_for("munge"), lock.needed_for("slurm")) == ((one,), (one, other))


def test_a_lock_from_before_builds_had_packages_is_read() -> None:
    text = canonical_json({"platform": "p", "architecture": "amd64", "inputs": "b" * 64, "modules": {}})
    assert PlatformLock.model_validate_json(text).build == {}
