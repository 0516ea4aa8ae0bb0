from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Event, Warned
from modpkg.host.run import run
from modpkg.openpgp.agent import opened
from modpkg.openpgp.inspect import public_keys
from modpkg.openpgp.keys import gpg, make_key, public_key
from modpkg.openpgp.sign import Signer
from modpkg.pipeline.signing import find_signer, import_signing_key
from modpkg.pipeline.verify_repository import Wish, verify_repository
from modpkg.store.origin import DirectoryOrigin
from tests.support.keys import KEY_MADE, TestKey
from tests.support.repos import AptClient, DnfClient, Workshop, make_document, package_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.programs
DAY = 86_400
CORE = package_of("core")


def clients(workshop: Workshop, directory: Path, key: Path) -> tuple[AptClient, DnfClient]:
    source = f"mirrorlist={workshop.base_url}/rpm/testing.mirrorlist"
    apt = AptClient.made(directory / "apt", base_url=workshop.base_url, key=key)
    return apt, DnfClient.made(directory / "dnf", source=source, key=key)


def faults(workshop: Workshop, key: Path) -> list[str]:
    origin, now = DirectoryOrigin(workshop.places.www), int(time.time())
    wish = Wish(origin=origin, keyring=key, channels=("testing",), now=now)
    return [f"{fault.file}: {fault.reason}" for fault in verify_repository(wish).faults]


@pytest.fixture
def modern(tmp_path: Path) -> TestKey:
    """An ed25519 key."""
    home, public = tmp_path / "modern", tmp_path / "modern.asc"
    key = make_key(home, "modern <m@example.invalid>", created=KEY_MADE, algorithm="ed25519")
    public.write_text(public_key(home, fingerprint=key.fingerprint))
    return TestKey(signer=Signer(key=key, home=home), public=public)


def test_an_ed25519_key_signs_for_apt_and_dnf(modern: TestKey, tmp_path: Path) -> None:
    workshop = Workshop(directory=tmp_path / "w", signer=modern.signer, document=make_document(None))
    workshop.publish(workshop.make(), now=int(time.time()))
    assert faults(workshop, modern.public) == []
    (key,) = public_keys(workshop.places.public_key.read_text())
    assert (key.algorithm, key.digests) == ("eddsa", (8,))
    apt, dnf = clients(workshop, tmp_path, modern.public)
    apt.run("update", "--error-on=any")
    apt.run("install", CORE)
    dnf.run("install", CORE)
    assert apt.installed("core") == dnf.installed("core") == "core 1.0.0-1"


@pytest.fixture
def rotating(workshop: Workshop, modern: TestKey) -> tuple[Workshop, TestKey]:
    """A repository whose new key joined the old one after the first publication."""
    now = int(time.time())
    workshop.publish(workshop.make(version="1.0.0-1"), now=now - 10)
    exported = modern.public.with_name("secret.asc")
    with opened(modern.signer.home) as home:
        exported.write_text(run([*gpg(home), "--armor", "--export-secret-keys"]).stdout)
    new = import_signing_key(exported, home=workshop.signer.home)
    assert new == modern.signer.key
    names = (new.fingerprint, workshop.signer.key.fingerprint)
    signer = find_signer(make_document(None, keys=names), home=workshop.signer.home)
    assert [signer.key, *signer.others] == [new, workshop.signer.key]
    there = Workshop(directory=workshop.directory, signer=signer, document=workshop.document)
    there.publish(there.make(version="1.0.0-2"), now=now)
    return there, modern


def test_while_keys_rotate_clients_with_either_key_are_served(
    rotating: tuple[Workshop, TestKey], release_key: TestKey, tmp_path: Path
) -> None:
    workshop, modern = rotating
    old, _ = clients(workshop, tmp_path / "old", release_key.public)
    new, dnf = clients(workshop, tmp_path / "new", modern.public)
    for apt in (old, new):
        apt.run("update", "--error-on=any")
        apt.run("install", CORE)
        assert apt.installed("core") == "core 1.0.0-2"
    dnf.run("install", CORE)
    assert dnf.installed("core") == "core 1.0.0-2"


def test_while_keys_rotate_dnf_with_the_old_key_takes_indices_and_old_packages(
    rotating: tuple[Workshop, TestKey], release_key: TestKey, tmp_path: Path
) -> None:
    workshop, _ = rotating
    _, dnf = clients(workshop, tmp_path, release_key.public)
    dnf.run("install", f"{CORE}-1.0.0-1")
    assert dnf.installed("core") == "core 1.0.0-1"
    done = dnf.run("upgrade", check=False)
    assert done.returncode != 0
    assert dnf.installed("core") == "core 1.0.0-1"


def test_while_keys_rotate_the_repository_offers_both_and_verifies_with_both(
    rotating: tuple[Workshop, TestKey], release_key: TestKey, tmp_path: Path
) -> None:
    workshop, modern = rotating
    offered = {key.fingerprint for key in public_keys(workshop.places.public_key.read_text())}
    assert offered == {modern.signer.key.fingerprint, release_key.signer.key.fingerprint}
    assert faults(workshop, workshop.places.public_key) == []
    _, dnf = clients(workshop, tmp_path, workshop.places.public_key)
    dnf.run("install", f"{CORE}-1.0.0-1")
    dnf.run("upgrade")
    assert dnf.installed("core") == "core 1.0.0-2"
    # What would be lost if the old key were dropped now: the packages that it signed.
    lost = [line for line in faults(workshop, modern.public) if line.startswith("pool/")]
    assert ["1.0.0-1" in line and "not in the key ring" in line for line in lost] == [True]


def test_a_key_that_ends_soon_is_told_and_one_that_ended_is_refused(tmp_path: Path) -> None:
    home, events, now = tmp_path / "gnupg", list[Event](), int(time.time())
    key = make_key(home, "short <s@example.invalid>", created=now - DAY, algorithm="ed25519", expires="40d")
    document = make_document(None, key=key.fingerprint)
    assert key.expires == now + 39 * DAY
    find_signer(document, home=home, sink=events.append)
    assert events == []
    find_signer(document, home=home, sink=events.append, now=now + 10 * DAY)
    (warned,) = events
    assert isinstance(warned, Warned)
    assert f"the signing key {key.fingerprint} ends on" in warned.message
    with pytest.raises(BadInputError, match="its time is over"):
        find_signer(document, home=home, now=now + 39 * DAY)


def test_a_key_that_gpg_takes_for_expired_is_refused_by_that_reason(tmp_path: Path) -> None:
    home = tmp_path / "gnupg"
    key = make_key(home, "old <o@example.invalid>", algorithm="ed25519", expires="seconds=1")
    time.sleep(2)
    with pytest.raises(BadInputError, match="its time is over"):
        find_signer(make_document(None, key=key.fingerprint), home=home)


def test_a_key_bound_by_sha1_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "gnupg"
    words = ("--pinentry-mode", "loopback", "--passphrase", "", "--cert-digest-algo", "SHA1")
    with opened(home) as path:
        run([*gpg(path), *words, "--quick-gen-key", "weak <w@example.invalid>", "ed25519", "sign", "never"])
    with pytest.raises(BadInputError, match="bound by a digest that is weaker than SHA-256"):
        find_signer(make_document(None), home=home)


def test_a_file_without_one_secret_key_is_refused(release_key: TestKey, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="it holds 0 secret keys"):
        import_signing_key(release_key.public, home=tmp_path / "gnupg")
    with pytest.raises(BadInputError, match="cannot read the key"):
        import_signing_key(tmp_path / "none", home=tmp_path / "gnupg")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInputError, match="cannot read the key"):
        import_signing_key(tmp_path / "binary", home=tmp_path / "gnupg")


def test_another_program_may_sign_in_the_place_of_gpg(workshop: Workshop, tmp_path: Path) -> None:
    log, program = tmp_path / "log", tmp_path / "hsm"
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec gpg "$@"\n')
    program.chmod(0o755)
    name = workshop.signer.key.fingerprint
    document = make_document(None, key=name, signing_program=str(program))
    signer = find_signer(document, home=workshop.signer.home)
    there = Workshop(directory=workshop.directory, signer=signer, document=document)
    there.publish(there.make(), now=int(time.time()))
    called = log.read_text()
    assert all(word in called for word in ("--clearsign", "--detach-sign", "-sbo", "--export"))
    assert faults(there, there.places.public_key) == []


def test_when_the_old_key_is_dropped_clients_with_the_new_one_go_on_and_others_are_refused(
    rotating: tuple[Workshop, TestKey], release_key: TestKey, tmp_path: Path
) -> None:
    workshop, modern = rotating
    both = tmp_path / "both.asc"
    both.write_text(workshop.places.public_key.read_text())
    document = make_document(None, key=modern.signer.key.fingerprint)
    signer = find_signer(document, home=workshop.signer.home)
    there = Workshop(directory=workshop.directory, signer=signer, document=workshop.document)
    there.publish(there.make(version="1.0.0-3"), now=int(time.time()) + 1)
    old, _ = clients(there, tmp_path / "old", release_key.public)
    assert "NO_PUBKEY" in old.run("update", "--error-on=any", check=False).stderr
    new, dnf = clients(there, tmp_path / "new", modern.public)
    new.run("update", "--error-on=any")
    new.run("install", f"{CORE}=1.0.0-1")
    new.run("upgrade")
    dnf.run("install", CORE)
    assert new.installed("core") == dnf.installed("core") == "core 1.0.0-3"
    # What the old key signed needs it still: dnf checks each package.
    refused = clients(there, tmp_path / "one", modern.public)[1]
    assert refused.run("install", f"{CORE}-1.0.0-1", check=False).returncode != 0
    _, keeps = clients(there, tmp_path / "both", both)
    keeps.run("install", f"{CORE}-1.0.0-1")
    keeps.run("upgrade")
    assert keeps.installed("core") == "core 1.0.0-3"


def test_a_key_with_a_passphrase_signs_by_an_agent_that_knows_it_and_stays(tmp_path: Path) -> None:
    home, document = tmp_path / "gnupg", make_document(None)
    home.mkdir(mode=0o700)
    (home / "gpg-agent.conf").write_text("allow-preset-passphrase\n")
    words = (
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        "secret",
        "--quick-gen-key",
        "guarded <g@example.invalid>",
    )
    run([*gpg(home), *words, "rsa3072", "sign", "never"])
    listing = run([*gpg(home), "--with-colons", "--with-keygrip", "--list-secret-keys"]).stdout
    grip = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("grp"))
    try:
        run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"])
        signer = find_signer(document, home=home)
        there = Workshop(directory=tmp_path / "w", signer=signer, document=document)
        with pytest.raises(ModpkgError, match="cannot run"):
            there.publish(there.make(), now=int(time.time()))
        run(["gpg-connect-agent", "--homedir", home, "/bye"])
        run(
            ["/usr/lib/gnupg/gpg-preset-passphrase", "--preset", grip],
            env={"GNUPGHOME": str(home)},
            text="secret",
        )
        there.publish(there.make(), now=int(time.time()))
        assert faults(there, there.places.public_key) == []
        # It is not ours: it runs on, and signs the next one too.
        there.publish(there.make(version="1.0.0-2"), now=int(time.time()) + 1)
    finally:
        run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"])
