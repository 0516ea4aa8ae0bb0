import hashlib
from pathlib import Path

import pytest

from modpkg.deb.write import write_deb
from modpkg.errors import BadInputError
from modpkg.host.files import digest_file
from modpkg.model.lock import ImageLock, LockedModule
from modpkg.model.module import Module
from modpkg.pipeline.obtain import Repository, obtain
from modpkg.store.store import DigestError, Store
from tests.support.stack import make_fragment, make_module

FRAGMENT = b"hsqs" + bytes(range(256)) * 16


def published(directory: Path) -> tuple[Module, Path]:
    """Put a module's package into a repository."""
    fragment = directory / "core.squashfs"
    fragment.write_bytes(FRAGMENT)
    facts = make_fragment("core").model_copy(
        update={"sha256": hashlib.sha256(FRAGMENT).hexdigest(), "size": len(FRAGMENT)}
    )
    module = make_module("core", fragment=facts)
    www = directory / "www"
    (www / "pool").mkdir(parents=True)
    path = write_deb(module, fragment=fragment, documents={}, directory=www / "pool")
    return module, path


def lock_of(module: Module, package: Path, **changes: str) -> ImageLock:
    known = {
        "name": module.name,
        "version": module.version,
        "deb_sha256": digest_file(package),
        "deb_path": f"pool/{package.name}",
        "fragment_sha256": module.fragment.sha256,
    }
    return ImageLock(
        name="compute",
        platform="bookworm",
        architecture="amd64",
        channel="testing",
        snapshot="1",
        manifest="0" * 64,
        version="12.0.0-1.bbbbbbbbbb",
        modules=(LockedModule(**{**known, **changes}, fragment_size=module.fragment.size),),
    )


def test_modules_come_out_of_their_packages_into_the_store(tmp_path: Path) -> None:
    module, package = published(tmp_path)
    store = Store(tmp_path / "store")
    assert obtain(lock_of(module, package), Repository(www=tmp_path / "www"), store=store) == (module,)
    assert store.path(module.fragment.sha256).read_bytes() == FRAGMENT


def test_what_is_in_the_store_needs_no_repository(tmp_path: Path) -> None:
    module, package = published(tmp_path)
    store, lock = Store(tmp_path / "store"), lock_of(module, package)
    obtain(lock, Repository(www=tmp_path / "www"), store=store)
    package.unlink()
    assert obtain(lock, Repository(www=tmp_path / "www"), store=store) == (module,)


def test_a_package_that_is_gone_is_named(tmp_path: Path) -> None:
    module, package = published(tmp_path)
    lock = lock_of(module, package)
    package.unlink()
    with pytest.raises(BadInputError, match=r"cannot find core 12\.0\.0-1 in the repository") as raised:
        obtain(lock, Repository(www=tmp_path / "www"), store=Store(tmp_path / "store"))
    assert raised.value.where == str(package)


def test_a_package_with_other_bytes_is_refused(tmp_path: Path) -> None:
    module, package = published(tmp_path)
    with pytest.raises(DigestError, match="its sha256 is"):
        obtain(
            lock_of(module, package, deb_sha256="f" * 64),
            Repository(www=tmp_path / "www"),
            store=Store(tmp_path / "store"),
        )


def test_a_package_of_another_module_is_refused(tmp_path: Path) -> None:
    module, package = published(tmp_path)
    with pytest.raises(BadInputError, match=r"the package of core 12\.0\.0-9: it holds core 12\.0\.0-1"):
        obtain(
            lock_of(module, package, version="12.0.0-9"),
            Repository(www=tmp_path / "www"),
            store=Store(tmp_path / "store"),
        )
