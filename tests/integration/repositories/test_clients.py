from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.events import ignore
from modpkg.host.run import run
from modpkg.pipeline.client_packages import plan_clients, publish_clients
from modpkg.pipeline.verify_repository import Wish, verify_repository
from modpkg.store.origin import DirectoryOrigin
from tests.support.repos import AptClient, DnfClient, Workshop, make_document, package_of, served, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.model.repository import Repository
    from modpkg.pipeline.publish import Published
    from tests.support.keys import TestKey

pytestmark = pytest.mark.programs
CORE = package_of("core")


def document(base_url: str, **changes: object) -> Repository:
    fields = {"clients_version": "1.0.0-1", "maintainer": "Ada <ada@example.invalid>", **changes}
    return make_document(base_url, **fields)


def set_up(workshop: Workshop, *, enabled: str | None = "testing") -> Published:
    return publish_clients(
        workshop.target(),
        enabled=enabled,
        signer=workshop.signer,
        directory=workshop.directory / "clients",
        now=int(time.time()),
        sink=ignore,
    )


@pytest.fixture
def published(workshop: Workshop) -> Iterator[Workshop]:
    """A repository on the network with a module and the packages for clients."""
    with ExitStack() as stack:
        base_url = stack.enter_context(served(workshop.places.www))
        there = replace(workshop, document=document(base_url))
        there.publish(there.make(), now=int(time.time()) - 5)
        set_up(there)
        yield there


def bare(root: Path, published: Workshop) -> AptClient:
    """A root that knows the repository by the file that a user fetched, and by nothing else."""
    client = AptClient.made(root, base_url=published.base_url, key=root / "none")
    (source,) = (root / "etc/apt/sources.list.d").iterdir()
    source.unlink()
    shutil.copyfile(published.places.clients / "test.sources", root / "etc/apt/sources.list.d/start.sources")
    return client


def use_installed(apt: AptClient) -> Path:
    """Leave the file that a user fetched behind, as apt refuses two that name different keys."""
    directory = apt.root / "etc/apt/sources.list.d"
    (directory / "start.sources").unlink()
    # apt runs outside of the root: there the key ring lies elsewhere.
    sources = directory / "test.sources"
    sources.write_text(sources.read_text().replace("/usr/share", f"{apt.root}/usr/share"))
    return sources


def test_apt_is_set_up_from_a_bare_root(published: Workshop, tmp_path: Path) -> None:
    apt = bare(tmp_path / "apt", published)
    apt.run("update", "--error-on=any")
    apt.run("install", "test-release")
    sources = apt.root / "etc/apt/sources.list.d/test.sources"
    assert "Signed-By: /usr/share/keyrings/test-archive-keyring.gpg" in sources.read_text()
    use_installed(apt)
    apt.run("update", "--error-on=any")
    apt.run("install", CORE)
    assert apt.installed("core") == "core 1.0.0-1"


def test_what_an_administrator_changed_stays_at_an_upgrade(published: Workshop, tmp_path: Path) -> None:
    apt = bare(tmp_path / "apt", published)
    apt.run("update")
    apt.run("install", "test-release")
    sources = use_installed(apt)
    newer = replace(published, document=document(published.base_url, clients_version="1.0.0-2"))
    set_up(newer, enabled="stable")
    apt.run("update")
    before = sources.read_text()
    apt.run("-o", "DPkg::Options::=--force-confold", "install", "test-archive-keyring=1.0.0-2")
    assert sources.read_text() == before
    assert (sources.parent / "test.sources.dpkg-dist").exists()


def test_dnf_is_set_up_from_a_bare_root(published: Workshop, tmp_path: Path) -> None:
    source = f"mirrorlist={published.base_url}/rpm/testing.mirrorlist"
    dnf = DnfClient.made(tmp_path / "dnf", source=source, key=published.places.public_key)
    shutil.copyfile(published.places.clients / "test.repo", dnf.directory / "repos/modpkg.repo")
    dnf.run("install", "test-release")
    repo, key = dnf.root / "etc/yum.repos.d/test.repo", dnf.root / "etc/pki/rpm-gpg/RPM-GPG-KEY-test"
    assert key.read_text() == published.places.public_key.read_text()
    text = repo.read_text()
    assert "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-test" in text
    assert text.count("gpgcheck=1\nrepo_gpgcheck=1\n") == 2
    text = text.replace("file:///etc", f"file://{dnf.root}/etc")
    (dnf.directory / "repos/modpkg.repo").write_text(text)
    dnf.run("install", CORE)
    assert dnf.installed("core") == "core 1.0.0-1"


def test_packages_for_clients_are_ordinary_packages(
    published: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    origin = DirectoryOrigin(published.places.www)
    wish = Wish(origin=origin, keyring=release_key.public, channels=("testing",), now=int(time.time()))
    assert verify_repository(wish).faults == ()
    directory = published.directory / "clients"
    assert (
        "conffiles" in run(["dpkg-deb", "--info", directory / "test-archive-keyring_1.0.0-1_all.deb"]).stdout
    )
    shown = run(["dpkg-deb", "--info", directory / "test-release_1.0.0-1_all.deb"]).stdout
    assert "Depends: test-archive-keyring" in shown
    rpm = directory / "test-release-1.0.0-1.noarch.rpm"
    assert run(["rpm", "-qp", "--configfiles", rpm]).stdout == "/etc/yum.repos.d/test.repo\n"
    run(["rpmkeys", "--dbpath", tmp_path / "db", "-Kv", rpm])
    run(["rpm", "--dbpath", tmp_path / "db", "-qp", "--changelog", rpm])


def test_lintian_and_rpmlint_find_no_error(published: Workshop) -> None:
    directory = published.directory / "clients"
    debs, rpms = sorted(directory.glob("*.deb")), sorted(directory.glob("*.rpm"))
    found = run(["lintian", "--no-cfg", "--fail-on", "none", *debs], check=False).stdout
    assert [line for line in found.splitlines() if line.startswith("E:")] == []
    found = run(["rpmlint", *rpms], check=False).stdout
    assert [line for line in found.splitlines() if ": E: " in line and "no-signature" not in line] == []


def test_equal_documents_and_keys_give_equal_packages(published: Workshop) -> None:
    directory = published.directory / "clients"
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    shutil.rmtree(directory)
    again = set_up(published)
    assert again.added == ()
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


def test_other_content_needs_another_version(published: Workshop) -> None:
    with pytest.raises(BadInputError, match="it is published with other content"):
        set_up(published, enabled="stable")


def test_a_document_without_version_or_channel_is_refused(workshop: Workshop) -> None:
    with pytest.raises(BadInputError, match="no clients-version or no maintainer"):
        set_up(workshop)
    there = replace(workshop, document=document("https://repo.example"))
    with pytest.raises(BadInputError, match="cannot set up clients for channel 'nightly'"):
        set_up(there, enabled="nightly")


def test_a_plan_tells_what_would_be_published_and_writes_nothing(workshop: Workshop, tmp_path: Path) -> None:
    there, now = replace(workshop, document=document("https://repo.example")), int(time.time())
    there.publish(there.make(), now=now)
    before = tree_of(there.places.root)
    planned = plan_clients(there.target(), enabled=None, home=there.signer.home, now=now + 1)
    assert [identity.name for identity in planned.added] == ["test-archive-keyring", "test-release"]
    assert tree_of(there.places.root) == before
    assert set_up(there, enabled=None).added == planned.added
    with pytest.raises(BadInputError, match="there is no signing key yet"):
        plan_clients(there.target(), enabled=None, home=tmp_path / "none", now=now)
    assert not (tmp_path / "none").exists()
