import hashlib
from pathlib import Path

import pytest

from modpkg.deb.write import write_deb
from modpkg.errors import BadInputError, ModpkgError
from modpkg.formats.canonical import write_record
from modpkg.host.files import digest_file
from modpkg.model.module import Module
from modpkg.pipeline.known_modules import (
    MissingModulesError,
    Shelves,
    Wanted,
    wanted_by_image,
    wanted_by_lock,
)
from modpkg.store.store import Store
from tests.support.images import make_image_lock
from tests.support.stack import make_fragment, make_module

FRAGMENT = b"hsqs" + bytes(range(256)) * 16
CHANGES = "openssl (3.0-2) bookworm; urgency=low\n"


@pytest.fixture
def shelves(tmp_path: Path) -> Shelves:
    return Shelves(
        store=Store(tmp_path / "store"), www=tmp_path / "www", packages=tmp_path / "build/packages"
    )


@pytest.fixture
def module() -> Module:
    facts = make_fragment("core").model_copy(
        update={"sha256": hashlib.sha256(FRAGMENT).hexdigest(), "size": len(FRAGMENT)}
    )
    return make_module("core", fragment=facts)


def package(module: Module, directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    fragment = directory / "fragment"
    fragment.write_bytes(FRAGMENT)
    documents = {"packages.changelog.gz": CHANGES.encode()}
    path = write_deb(module, fragment=fragment, documents=documents, directory=directory)
    fragment.unlink()
    return path


def wanted(module: Module, **fields: str) -> Wanted:
    known = {
        "name": module.name,
        "version": module.version,
        "platform": module.platform,
        "architecture": module.architecture,
        "fragment": module.fragment.sha256,
    }
    return Wanted(**{**known, **fields})


def keep(module: Module, shelves: Shelves, directory: Path) -> None:
    """Put a module into the store as its build does."""
    directory.mkdir()
    write_record(directory / "module", module)
    (directory / "fragment").write_bytes(FRAGMENT)
    (directory / "changes").write_text(CHANGES)
    digests = {name: shelves.store.add(directory / name).sha256 for name in ("module", "fragment", "changes")}
    shelves.store.record("a-build", digests)


def test_the_store_knows_what_was_built(shelves: Shelves, module: Module, tmp_path: Path) -> None:
    keep(module, shelves, tmp_path / "kept")
    (known,) = shelves.find([wanted(module)])
    assert (known.module, known.deb) == (module, None)
    assert shelves.changes(known) == CHANGES
    assert shelves.fragment(known).read_bytes() == FRAGMENT


@pytest.mark.parametrize("place", ["www/pool/ab/abcd", "build/packages/bookworm"])
def test_packages_of_the_repository_and_of_builds_are_found(
    shelves: Shelves, module: Module, tmp_path: Path, place: str
) -> None:
    path = package(module, tmp_path / place)
    (known,) = shelves.find([wanted(module)])
    assert (known.module, known.deb) == (module, path)
    assert shelves.changes(known) == CHANGES
    assert shelves.fragment(known) == shelves.store.path(module.fragment.sha256)
    assert shelves.store.has(module.fragment.sha256)


def test_a_lock_names_the_package_itself(shelves: Shelves, module: Module, tmp_path: Path) -> None:
    path = package(module, tmp_path / "www/pool")
    wish = wanted(module, deb_path=f"pool/{path.name}", deb_sha256=digest_file(path))
    assert shelves.find([wish])[0].deb == path
    stored = shelves.store.add(path)
    path.unlink()
    assert shelves.find([wish])[0].deb == stored.path


def test_a_package_with_another_fragment_is_not_the_one(
    shelves: Shelves, module: Module, tmp_path: Path
) -> None:
    package(module, tmp_path / "www/pool/ab/abcd")
    with pytest.raises(MissingModulesError):
        shelves.find([wanted(module, fragment="f" * 64)])


def test_all_that_is_missing_is_told_at_once(shelves: Shelves, module: Module, tmp_path: Path) -> None:
    package(module, tmp_path / "www/pool/ab/abcd")
    ghosts = [wanted(module, name=name, fragment="f" * 64) for name in ("ib", "nfs")]
    with pytest.raises(BadInputError) as caught:
        shelves.find([ghosts[0], wanted(module), ghosts[1]])
    assert str(caught.value) == (
        f"{tmp_path}/www: cannot find 2 modules of the image:\n"
        "    ib 12.0.0-1, fragment ffffffffffff\n"
        "    nfs 12.0.0-1, fragment ffffffffffff\n"
        "  hint: publish them again, or copy the repository or the store that has them"
    )


def test_records_that_lead_nowhere_are_passed_over(shelves: Shelves, module: Module, tmp_path: Path) -> None:
    fragment = module.fragment.sha256
    shelves.store.record("a", {"fragment": fragment, "module": "0" * 64, "changes": "0" * 64})
    shelves.store.record("b", {"fragment": fragment, "module": "../../etc", "changes": 1})
    path = package(module, tmp_path / "www/pool/ab/abcd")
    assert shelves.find([wanted(module)])[0].deb == path


def test_a_damaged_fragment_is_refused(shelves: Shelves, module: Module, tmp_path: Path) -> None:
    keep(module, shelves, tmp_path / "kept")
    (known,) = shelves.find([wanted(module)])
    path = shelves.store.path(module.fragment.sha256)
    path.chmod(0o644)
    path.write_bytes(FRAGMENT + b"x")
    with pytest.raises(ModpkgError, match=r"the store's copy is damaged") as caught:
        shelves.fragment(known)
    assert caught.value.where == str(path)


def test_a_fragment_that_is_gone_is_told(shelves: Shelves, module: Module, tmp_path: Path) -> None:
    keep(module, shelves, tmp_path / "kept")
    (known,) = shelves.find([wanted(module)])
    shelves.store.path(module.fragment.sha256).unlink()
    with pytest.raises(ModpkgError, match=r"cannot find the fragment of core 12\.0\.0-1"):
        shelves.fragment(known)


def test_a_package_without_changes_has_none(shelves: Shelves, module: Module, tmp_path: Path) -> None:
    directory = tmp_path / "www/pool/ab/abcd"
    directory.mkdir(parents=True)
    (directory / "fragment").write_bytes(FRAGMENT)
    write_deb(module, fragment=directory / "fragment", documents={}, directory=directory)
    assert shelves.changes(shelves.find([wanted(module)])[0]) == ""


def test_images_and_locks_name_what_they_want(module: Module) -> None:
    from modpkg.image.identity import image_of  # noqa: PLC0415 - for this test alone

    assert wanted_by_image(image_of([module])) == (wanted(module),)
    (found,) = wanted_by_lock(make_image_lock([module]))
    assert (found.fragment, found.deb_path) == (module.fragment.sha256, "pool/core.deb")
    assert found.file_name == "modpkg-module-core-bookworm_12.0.0-1_amd64.deb"
