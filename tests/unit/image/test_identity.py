from modpkg.image.identity import changelog_text, image_of, os_release_text, packages_text
from modpkg.model.module import ChangelogEntry, IncludedPackage
from tests.support.stack import lower, make_module

CORE = make_module("core", version="12.0.3-41", marks=("fast",))
SLURM = make_module("slurm", version="22.5.8-3", depends=(lower(CORE),), marks=("unreleased",))


def package(name: str, version: str) -> IncludedPackage:
    return IncludedPackage(
        name=name, version=version, architecture="amd64", source=name, source_version=version, sha256="0" * 64
    )


def test_an_image_is_a_function_of_its_modules_in_any_order() -> None:
    image = image_of([SLURM, CORE])
    assert image == image_of([CORE, SLURM])
    assert image.version.startswith("12.0.3-44.")
    assert [module.name for module in image.modules] == ["core", "slurm"]
    assert image.marks == ("fast", "unreleased")


def test_os_release_tells_the_version_of_the_image_and_keeps_the_rest() -> None:
    image = image_of([CORE])
    text = 'ID=debian\nIMAGE_VERSION="old"\nVERSION_ID="12"\n'
    assert os_release_text(text, image) == (f'ID=debian\nVERSION_ID="12"\nIMAGE_VERSION="{image.version}"\n')


def test_packages_are_listed_with_their_module() -> None:
    modules = [
        make_module("core", packages=(package("zlib1g", "1:1.2"), package("bash", "5.2"))),
        make_module("slurm", packages=(package("munge", "0.5"),)),
    ]
    assert packages_text(modules) == (
        "bash   5.2   amd64 core\nmunge  0.5   amd64 slurm\nzlib1g 1:1.2 amd64 core\n"
    )
    assert packages_text([]) == ""


def test_the_changelog_lists_modules_by_name() -> None:
    entry = ChangelogEntry(
        version="22.5.8-3",
        date="2024-01-02T03:04:05Z",
        author="A <a@b>",
        urgency="low",
        changes=("One\ntwo", "B"),
    )
    slurm = make_module("slurm", version="22.5.8-3", changelog=(entry,))
    image = image_of([CORE, slurm])
    lines = changelog_text([slurm, CORE], image).split("\n")
    assert lines[0] == f"Image {image.version} (bookworm, amd64)"
    assert lines[2] == "core 12.0.3-41: The core module"
    assert lines[-7:] == [
        "",
        "slurm 22.5.8-3: The slurm module",
        "  22.5.8-3, 2024-01-02T03:04:05Z, A <a@b>, urgency low",
        "    * One",
        "      two",
        "    * B",
        "",
    ]
