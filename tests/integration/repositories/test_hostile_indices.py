"""Indices that are validly signed and hostile all the same: clients refuse them, and so does verify-repository."""

from __future__ import annotations

import gzip
import hashlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import createrepo_c
import pytest

from modpkg.apt.publish import by_hash
from modpkg.apt.release import Index, parse_release, render_release
from modpkg.apt.verify import SuiteCheck
from modpkg.model.fault import Faults
from modpkg.openpgp.verify import opened_ring
from modpkg.store.origin import DirectoryOrigin
from modpkg.yum.verify import YumCheck
from tests.support.attacks import only
from tests.support.repos import AptClient, DnfClient, Workshop, package_of, served

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.keys import TestKey

pytestmark = pytest.mark.programs
CORE = package_of("core")
PATH = "main/binary-amd64/Packages"


def rewrite(workshop: Workshop, change: Callable[[str], str], *, bomb: int = 0) -> None:
    """Publish another index in the place of the true one, signed by the true key."""
    suite, now = workshop.places.www / "dists/testing", int(time.time())
    text = change((suite / PATH).read_text()).encode()
    indices = []
    for name, content in ((PATH, text), (f"{PATH}.gz", gzip.compress(text + bytes(bomb)))):
        index = Index(path=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())
        indices.append(index)
        for place in (suite / name, suite / by_hash(index)):
            place.write_bytes(content)
    signed = (suite / "InRelease").read_text()
    release = parse_release(signed.partition("\n\n")[2].partition("-----BEGIN")[0])
    with workshop.signer.session() as session:
        text = session.clear(render_release(replace(release, indices=tuple(indices))), seconds=now)
    (suite / "InRelease").write_text(text)


def reasons(workshop: Workshop, key: TestKey) -> list[str]:
    faults = Faults()
    with opened_ring(key.public) as ring:
        origin, now = DirectoryOrigin(workshop.places.www), int(time.time())
        SuiteCheck(origin=origin, ring=ring, faults=faults, channel="testing", now=now).run()
    return [fault.reason for fault in faults.found]


@pytest.fixture
def published(workshop: Workshop) -> Workshop:
    workshop.publish(workshop.make(), now=int(time.time()))
    return workshop


def line(name: str, value: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        lines = text.splitlines()
        return (
            "\n".join(f"{name}: {value}" if each.startswith(f"{name}:") else each for each in lines) + "\n\n"
        )

    return change


ATTACKS = {
    "climbing": (line("Filename", "../../../../../../etc/hostname"), "leads out of the repository"),
    "absolute": (line("Filename", "/etc/hostname"), "leads out of the repository"),
    "negative": (line("Size", "-1"), "impossible size"),
    "huge": (line("Size", "99999999999999999999"), "impossible size"),
    "other-digest": (line("SHA256", "ab" * 32), ""),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_entry_installs_nothing(
    published: Workshop, release_key: TestKey, tmp_path: Path, name: str
) -> None:
    change, reason = ATTACKS[name]
    rewrite(published, change)
    found = reasons(published, release_key)
    assert any(reason in each for each in found) if reason else found == []
    client = AptClient.made(tmp_path / "apt", base_url=published.base_url, key=release_key.public)
    client.run("update", check=False)
    done = client.run("install", CORE, check=False)
    assert done.returncode != 0
    assert client.installed("core") == ""


def test_a_bomb_is_not_taken(published: Workshop, release_key: TestKey, tmp_path: Path) -> None:
    rewrite(published, str, bomb=1 << 26)
    (reason,) = reasons(published, release_key)
    assert "it unpacks to more than" in reason
    client = AptClient.made(tmp_path / "apt", base_url=published.base_url, key=release_key.public)
    done = client.run("update", "--error-on=any", check=False)
    assert done.returncode != 0


def rewrite_yum(workshop: Workshop, change: Callable[[str], str], *, bomb: int = 0) -> None:
    """Put another primary.xml in the place of the true one, signed by the true key."""
    repodata = only(workshop.places.www / "rpm", "repomd.xml").parent
    records = createrepo_c.Repomd(str(repodata / "repomd.xml")).records
    repomd = createrepo_c.Repomd()
    repomd.set_revision("1")
    primary = only(repodata, "*-primary.xml.gz")
    text = change(gzip.decompress(primary.read_bytes()).decode()).encode()
    packed = gzip.compress(text + b" " * bomb)
    primary.write_bytes(packed)
    for record in records:
        if record.type == "primary":
            record.size, record.checksum = len(packed), hashlib.sha256(packed).hexdigest()
            record.size_open, record.checksum_open = len(text), hashlib.sha256(text).hexdigest()
        repomd.set_record(record)
    (repodata / "repomd.xml").write_text(repomd.xml_dump())
    with workshop.signer.session() as session:
        signature = session.detached(repomd.xml_dump(), seconds=int(time.time()))
    (repodata / "repomd.xml.asc").write_text(signature)


def yum_reasons(workshop: Workshop, key: TestKey) -> list[str]:
    faults = Faults()
    with opened_ring(key.public) as ring:
        origin = DirectoryOrigin(workshop.places.www)
        YumCheck(origin=origin, ring=ring, faults=faults, channel="testing").run()
    return [fault.reason for fault in faults.found]


YUM_ATTACKS = {
    "climbing": ("../../pool/", "../../../../../../../../etc/pool/", "leads out of the repository"),
    "absolute": ("../../pool/", "/etc/pool/", "leads out of the repository"),
    "elsewhere": ("<location href", '<location xml:base="http://127.0.0.1:1/" href', "lie in another place"),
    "negative": ('<size package="', '<size package="-', "impossible size"),
}


@pytest.mark.parametrize("name", YUM_ATTACKS)
def test_dnf_installs_nothing_by_a_hostile_entry(
    published: Workshop, release_key: TestKey, tmp_path: Path, name: str
) -> None:
    old, new, reason = YUM_ATTACKS[name]
    rewrite_yum(published, lambda text: text.replace(old, new))
    assert any(reason in each for each in yum_reasons(published, release_key))
    source = f"mirrorlist={published.base_url}/rpm/testing.mirrorlist"
    client = DnfClient.made(tmp_path / "dnf", source=source, key=release_key.public)
    done = client.run("install", CORE, check=False)
    assert done.returncode != 0
    assert client.installed("core") == ""


@pytest.mark.parametrize("digits", ["9999999999", "1"])
def test_dnf_installs_nothing_whose_size_is_not_the_servers(
    workshop: Workshop, release_key: TestKey, tmp_path: Path, digits: str
) -> None:
    with served(workshop.places.www) as base_url:
        there = workshop.at(base_url)
        there.publish(there.make(), now=int(time.time()))
        rewrite_yum(there, lambda text: text.replace('<size package="', f'<size package="{digits}'))
        # One that is possible is told when the package is read, by `verify-repository` without --quick.
        told = any("impossible size" in each for each in yum_reasons(there, release_key))
        assert told == (len(digits) > 1)
        source = f"mirrorlist={base_url}/rpm/testing.mirrorlist"
        client = DnfClient.made(tmp_path / "dnf", source=source, key=release_key.public)
        done = client.run("install", CORE, check=False)
    assert "Cannot download" in done.stderr
    assert client.installed("core") == ""


def test_a_size_that_dnf_overlooks_in_a_directory_is_told(published: Workshop, release_key: TestKey) -> None:
    # Of files, dnf 4.14 asks no server how long they are, and installs it: the digest is right.
    rewrite_yum(published, lambda text: text.replace('<size package="', '<size package="9999999999'))
    assert any("impossible size" in each for each in yum_reasons(published, release_key))


def test_an_index_that_grows_beyond_its_word_is_told(published: Workshop, release_key: TestKey) -> None:
    rewrite_yum(published, str, bomb=1 << 22)
    assert any("it unpacks to more than" in each for each in yum_reasons(published, release_key))
