import pytest

from modpkg.errors import BadInputError
from modpkg.formats.canonical import digest_of
from modpkg.model.lock import ImageLock, LockedModule
from modpkg.model.manifest import Manifest, ModulePin
from modpkg.model.version import ModuleVersion, image_version
from modpkg.pipeline.image_lock import check_lock

MANIFEST = Manifest(
    name="compute",
    platform="bookworm",
    channel="testing",
    modules=(ModulePin(name="core", version="~12"),),
)
LOCK = ImageLock(
    name="compute",
    platform="bookworm",
    architecture="amd64",
    channel="testing",
    snapshot="1",
    manifest=digest_of(MANIFEST),
    version=str(image_version("bookworm", "amd64", {"core": ModuleVersion(12, 0, 3, 41)})),
    modules=(
        LockedModule(
            name="core",
            version="12.0.3-41",
            deb_sha256="a" * 64,
            deb_path="pool/core.deb",
            fragment_sha256="b" * 64,
            fragment_size=1,
        ),
    ),
)


def test_a_lock_of_this_manifest_is_given_back() -> None:
    assert check_lock(LOCK, MANIFEST) is LOCK


@pytest.mark.parametrize(
    ("lock", "manifest", "message"),
    [
        (None, MANIFEST, "it has no lock"),
        (LOCK, MANIFEST.model_copy(update={"kernel_arguments": ("quiet",)}), "its manifest changed"),
        (
            LOCK.model_copy(update={"version": "12.0.3-41.bbbbbbbbbb"}),
            MANIFEST,
            "its modules make 12.0.3-41.",
        ),
    ],
)
def test_any_other_names_the_command_that_renews_it(
    lock: ImageLock | None, manifest: Manifest, message: str
) -> None:
    with pytest.raises(BadInputError, match=message) as raised:
        check_lock(lock, manifest, where="recipes/images/compute.lock")
    assert raised.value.hint == "run: invoke lock compute"
    assert raised.value.where == "recipes/images/compute.lock"
