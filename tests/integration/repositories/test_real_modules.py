"""The modules of recipes/, signed in the pool, as other programs and libraries see them.

They are not built here, which takes an hour: those that the store of this user has are looked at, the others are
skipped. All in all 15 s where it has them.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import createrepo_c
import pytest
import rpmfile
from debian.debfile import DebFile
from debian_inspector.copyright import DebianCopyright
from debian_inspector.debcon import get_paragraph_data

from modpkg.errors import BadInputError
from modpkg.events import ignore
from modpkg.host.run import run
from modpkg.pipeline.build_modules import build_modules
from modpkg.pipeline.plan import plan_builds
from modpkg.pipeline.site import Site
from modpkg.pipeline.workshop import open_workshop
from tests.support.repos import DnfClient, Workshop, make_document

if TYPE_CHECKING:
    from modpkg.pipeline.build_modules import BuiltModule
    from tests.support.keys import TestKey

pytestmark = pytest.mark.programs
CHECKOUT = Path(__file__).resolve().parents[3]
PLATFORM = "bookworm"
MODULES = ("core", "kernel", "infiniband", "slurm", "nfs", "storage", "python")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BuiltModule]:
    site = Site.of(os.environ, offline=True)
    place = open_workshop(
        CHECKOUT / "recipes", platform=PLATFORM, site=site, work=tmp_path_factory.mktemp("work")
    )
    names = [name for name in MODULES if all(step.done for step in plan_builds(place, [name]))]
    return {one.module.name: one for one in build_modules(place, names, sink=ignore)}


@pytest.fixture(scope="module")
def repository(
    built: dict[str, BuiltModule], release_key: TestKey, tmp_path_factory: pytest.TempPathFactory
) -> Workshop:
    place = tmp_path_factory.mktemp("repository")
    signer = release_key.copy_to(place / "gnupg")
    made = Workshop(directory=place, signer=signer, document=make_document(None))
    if built:
        packages = [path for one in built.values() for path in (one.deb, one.rpm)]
        try:
            made.publish(packages, now=int(time.time()))
        except BadInputError as error:
            if "it is marked" not in str(error):
                raise
            pytest.skip(str(error))
    return made


def of(built: dict[str, BuiltModule], name: str) -> BuiltModule:
    if name not in built:
        pytest.skip(f"the store does not have {name} as its recipe is now: invoke build-module {name}")
    return built[name]


def pooled(repository: Workshop, file_name: str) -> Path:
    (path,) = (repository.places.www / "pool").glob(f"*/*/{file_name}")
    return path


@pytest.mark.parametrize("name", MODULES)
def test_rpm_demands_all_and_finds_it(
    built: dict[str, BuiltModule], repository: Workshop, release_key: TestKey, tmp_path: Path, name: str
) -> None:
    path = pooled(repository, of(built, name).rpm.name)
    database = ("--dbpath", str(tmp_path / "database"))
    run(["rpmkeys", *database, "--import", release_key.public])
    shown = run(["rpm", *database, "--define", "_pkgverify_level all", "-Kv", path]).stdout
    lines = [line.strip() for line in shown.splitlines()[1:]]
    assert lines[1:] == ["Header SHA256 digest: OK", "Payload SHA256 digest: OK"]
    assert lines[0].startswith("Header V4 RSA/SHA256 Signature")
    assert lines[0].endswith(": OK")


@pytest.mark.parametrize("name", MODULES)
def test_libraries_read_the_rpm(built: dict[str, BuiltModule], repository: Workshop, name: str) -> None:
    one = of(built, name)
    path = pooled(repository, one.rpm.name)
    package = createrepo_c.package_from_rpm(str(path))
    assert (package.name, f"{package.version}-{package.release}") == (
        one.module.package_name,
        one.module.version,
    )
    assert package.pkgId == path.parent.name
    with rpmfile.open(path) as rpm:
        assert rpm.headers["name"].decode() == one.module.package_name
        (member,) = (each for each in rpm.getmembers() if each.name.endswith("/module.json"))
        assert json.load(rpm.extractfile(member))["version"] == one.module.version


@pytest.mark.parametrize("name", MODULES)
def test_libraries_read_the_deb(built: dict[str, BuiltModule], repository: Workshop, name: str) -> None:
    one = of(built, name)
    path = pooled(repository, one.deb.name)
    documents = f"./usr/share/doc/{one.module.package_name}"
    with DebFile(path) as deb:
        control = deb.control.get_content("control", encoding="utf-8")
        copyright_text = deb.data.get_content(f"{documents}/copyright", encoding="utf-8")
        changelog = deb.changelog()
    assert changelog is not None
    assert str(changelog.version) == one.module.version
    fields = get_paragraph_data(control)
    assert (fields["package"], fields["version"]) == (one.module.package_name, one.module.version)
    assert DebianCopyright.from_text(copyright_text).is_valid()


def test_dnf_installs_them_all(
    built: dict[str, BuiltModule], repository: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    modules = [of(built, name).module for name in MODULES if name in built]
    if not modules:
        pytest.skip("the store has none of them")
    source = f"mirrorlist={repository.base_url}/rpm/testing.mirrorlist"
    dnf = DnfClient.made(tmp_path / "dnf", source=source, key=release_key.public)
    dnf.run("install", *(module.package_name for module in modules))
    for module in modules:
        fragment = dnf.root / module.directory / "fragment.squashfs"
        with fragment.open("rb") as stream:
            assert hashlib.file_digest(stream, "sha256").hexdigest() == module.fragment.sha256
