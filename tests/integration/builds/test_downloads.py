"""Builds and the network: not needed with a warm store, and what is said when it is needed and not there.

How an archive is resolved, verified and fetched has its own tests in tests/integration/archive.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modpkg.model.lock import LockedPackage
from tests.support.small_platform import sha256_of
from tests.support.small_store import Shop
from tests.support.web import Web, serving

pytestmark = [pytest.mark.programs, pytest.mark.network]
GOLDEN = Path(__file__).parents[2] / "golden" / "builds"
Golden = Callable[[Path, str], None]
NO_NETWORK = ("unshare", "--net")
NOWHERE = {"MODPKG_MIRROR_DEBIAN": "http://127.0.0.1:9/debian"}


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Web]:
    """Give a web server on loopback that plays the mirror; it has nothing yet."""
    (tmp_path / "www").mkdir()
    with serving(tmp_path / "www") as web:
        yield web


def hello_of(shop: Shop) -> LockedPackage:
    return next(package for package in shop.workshop().lock.modules["tools"] if package.name == "hello")


def without_hello(shop: Shop) -> LockedPackage:
    """Take one package out of the store, and the builds that need it."""
    hello = hello_of(shop)
    shop.forget("tools", "probe")
    shop.store.path(hello.sha256).unlink()
    return hello


def serve(shop: Shop, web: Web, package: LockedPackage, *, folder: str = "debian") -> Path:
    target = web.root / folder / package.path
    target.parent.mkdir(parents=True)
    shutil.copyfile(shop.small.store.path(package.sha256), target)
    return target


@pytest.mark.parametrize("words", [("--offline",), ()])
def test_a_warm_store_needs_no_network(shop: Shop, words: tuple[str, ...]) -> None:
    before = json.loads(shop.modpkg("build-all", "--offline", "--output", "json").stdout)["modules"]
    shop.forget("tools", "probe")
    completed = shop.modpkg("build-all", *words, "--output", "json", before=NO_NETWORK, env=NOWHERE)
    assert completed.returncode == 0, completed.stderr
    assert json.loads(completed.stdout)["modules"] == before
    assert "build tools: started" in completed.stderr


def test_offline_with_a_cold_store_names_what_is_missing(shop: Shop, golden: Golden) -> None:
    without_hello(shop)
    refused = shop.modpkg("build-all", "--offline")
    assert refused.returncode == 1
    words = shop.error(refused).replace(f"{hello_of(shop).size:,}", "SIZE")
    golden(GOLDEN / "offline-and-cold.txt", words)


def test_offline_with_an_empty_store_names_every_package(shop: Shop) -> None:
    lock = shop.workshop().lock
    shutil.rmtree(shop.store.root)
    refused = shop.modpkg("build-all", "--offline")
    assert refused.returncode == 1
    paths = {package.path for packages in lock.modules.values() for package in packages}
    assert all(path in refused.stderr for path in paths)


def test_without_network_the_way_out_is_told(shop: Shop, golden: Golden) -> None:
    without_hello(shop)
    refused = shop.modpkg("build-all", before=NO_NETWORK, env=NOWHERE)
    assert refused.returncode == 1
    golden(GOLDEN / "no-network.txt", shop.error(refused))


def test_a_missing_package_is_fetched_and_nothing_else(shop: Shop, mirror: Web) -> None:
    hello = without_hello(shop)
    serve(shop, mirror, hello)
    completed = shop.modpkg("build-module", "tools", env={"MODPKG_MIRROR_DEBIAN": f"{mirror.url}/debian"})
    assert completed.returncode == 0, completed.stderr
    assert [request.path for request in mirror.requests] == [f"debian/{hello.path}"]


def test_other_bytes_of_the_mirror_are_refused(shop: Shop, mirror: Web, golden: Golden) -> None:
    hello = without_hello(shop)
    target = serve(shop, mirror, hello)
    target.write_bytes(target.read_bytes()[:-1] + b"!")
    refused = shop.modpkg("build-all", env={"MODPKG_MIRROR_DEBIAN": f"{mirror.url}/debian"})
    assert refused.returncode == 1
    assert not shop.store.has(hello.sha256)
    golden(GOLDEN / "hash-mismatch.txt", shop.error(refused))


def test_a_version_that_is_gone_is_told_after_snapshots_were_asked(
    shop: Shop, mirror: Web, golden: Golden
) -> None:
    hello = without_hello(shop)
    env = {
        "MODPKG_MIRROR_DEBIAN": f"{mirror.url}/debian",
        "MODPKG_SNAPSHOTS_DEBIAN": f"{mirror.url}/2025 {mirror.url}/by-hash/{{sha256}}",
    }
    refused = shop.modpkg("build-all", env=env)
    assert refused.returncode == 1
    asked = [request.path for request in mirror.requests]
    assert asked == [f"debian/{hello.path}", f"2025/{hello.path}", f"by-hash/{hello.sha256}"]
    golden(GOLDEN / "version-gone.txt", shop.error(refused))


def test_a_version_that_is_gone_is_taken_from_snapshots(shop: Shop, mirror: Web) -> None:
    serve(shop, mirror, without_hello(shop), folder="2025")
    env = {
        "MODPKG_MIRROR_DEBIAN": f"{mirror.url}/debian",
        "MODPKG_SNAPSHOTS_DEBIAN": f"{mirror.url}/2025",
    }
    completed = shop.modpkg("build-module", "tools", env=env)
    assert completed.returncode == 0, completed.stderr


def test_a_blob_that_was_spoilt_on_the_disk_is_not_built_from(shop: Shop, golden: Golden) -> None:
    hello = hello_of(shop)
    shop.forget("tools", "probe")
    blob = shop.store.path(hello.sha256)
    content = blob.read_bytes()
    blob.unlink()  # a link: the original must stay as it is
    blob.write_bytes(content[:-1] + b"!")
    refused = shop.modpkg("build-module", "tools", "--offline")
    assert refused.returncode == 1
    golden(GOLDEN / "blob-spoilt.txt", shop.error(refused))


def test_a_published_module_is_built_again_from_what_its_repository_keeps(shop: Shop) -> None:
    document = shop.project / "repo/repository.yaml"
    document.write_text(f"{document.read_text()}keep-inputs: true\n")
    assert shop.modpkg("build-all", "--offline").returncode == 0
    published = shop.modpkg("publish", "--channel", "testing", "--output", "json")
    assert published.returncode == 0, published.stderr
    before = {path.name: sha256_of(path) for path in (shop.work / "packages/small").glob("*.deb")}
    hello = without_hello(shop)
    # The archive has dropped it, and so has the store.
    gone = ("build-module", "tools")
    there = shop.work / "repository/www/inputs" / hello.sha256
    there.rename(shop.work / "hidden")
    refused = shop.modpkg(*gone, env=NOWHERE, before=NO_NETWORK)
    assert refused.returncode == 1
    assert hello.path in refused.stderr
    (shop.work / "hidden").rename(there)
    shutil.rmtree(shop.work / "packages")
    again = shop.modpkg(*gone, env=NOWHERE, before=NO_NETWORK)
    assert again.returncode == 0, again.stderr
    after = {path.name: sha256_of(path) for path in (shop.work / "packages/small").glob("*.deb")}
    assert after
    assert after.items() <= before.items()


def test_other_machines_find_kept_packages_by_the_address_of_the_repository(shop: Shop, mirror: Web) -> None:
    hello = without_hello(shop)
    target = mirror.root / "inputs" / hello.sha256 / hello.path.rpartition("/")[2]
    target.parent.mkdir(parents=True)
    shutil.copyfile(shop.small.store.path(hello.sha256), target)
    named = {**NOWHERE, "MODPKG_MIRROR_DEBIAN": f"{mirror.url}/debian"}
    named["MODPKG_SNAPSHOTS_DEBIAN"] = f"{mirror.url}/inputs/{{sha256}}/{{file}}"
    completed = shop.modpkg("build-module", "tools", env=named)
    assert completed.returncode == 0, completed.stderr
