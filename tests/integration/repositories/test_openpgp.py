from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.host.run import run
from modpkg.openpgp.agent import opened
from modpkg.openpgp.keys import find_key, gpg, make_key
from modpkg.openpgp.verify import SignatureError, verify_clear, verify_detached
from tests.support.keys import KEY_MADE, TestKey

if TYPE_CHECKING:
    from modpkg.openpgp.sign import Signer

pytestmark = pytest.mark.programs
TEXT = "Origin: modpkg\n- a line with a dash\nFrom here\n\nlast  \n"
NOW = 1_700_000_000


def agents_of(home: Path) -> list[str]:
    """Give the living agents whose command line or open socket names `home`."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except (OSError, NotADirectoryError):
            continue
        if "gpg-agent" in words[0] and str(home) in words:
            found.append(process.name)
    return found


def test_a_clear_signature_gives_its_signer_and_its_text(
    signer: Signer, release_key: TestKey, tmp_path: Path
) -> None:
    signed = tmp_path / "InRelease"
    with signer.session() as session:
        signed.write_text("not signed\n" + session.clear(TEXT, seconds=NOW) + "not signed\n")
    verified = verify_clear(signed, keyring=release_key.public)
    assert verified.fingerprint == signer.key.fingerprint
    assert "not signed" not in verified.text
    assert [line.rstrip() for line in verified.text.splitlines()] == [
        line.rstrip() for line in TEXT.splitlines()
    ]


def test_a_signature_repeats(signer: Signer) -> None:
    with signer.session() as session:
        first = session.clear(TEXT, seconds=NOW), session.detached(TEXT, seconds=NOW)
        assert (session.clear(TEXT, seconds=NOW), session.detached(TEXT, seconds=NOW)) == first
        assert session.detached(TEXT, seconds=NOW + 1) != first[1]


def test_a_time_before_the_key_becomes_the_time_of_the_key(signer: Signer) -> None:
    with signer.session() as session:
        assert session.detached(TEXT, seconds=0) == session.detached(TEXT, seconds=KEY_MADE)


@pytest.fixture
def signed(signer: Signer, tmp_path: Path) -> tuple[Path, Path]:
    text, signature = tmp_path / "repomd.xml", tmp_path / "repomd.xml.asc"
    text.write_text(TEXT)
    with signer.session() as session:
        signature.write_text(session.detached(TEXT, seconds=NOW))
    return text, signature


def test_a_detached_signature_gives_its_signer(signed: tuple[Path, Path], release_key: TestKey) -> None:
    verified = verify_detached(*signed, keyring=release_key.public)
    assert verified.fingerprint == release_key.signer.key.fingerprint
    assert verified.text == TEXT


def test_another_key_is_refused(signed: tuple[Path, Path], other_key: TestKey) -> None:
    with pytest.raises(SignatureError, match="not in the key ring"):
        verify_detached(*signed, keyring=other_key.public)


def test_a_changed_text_is_refused(signed: tuple[Path, Path], release_key: TestKey) -> None:
    signed[0].write_text(TEXT + "more\n")
    with pytest.raises(SignatureError, match="does not belong to its signature"):
        verify_detached(*signed, keyring=release_key.public)


def test_an_unsigned_text_is_refused(signed: tuple[Path, Path], release_key: TestKey) -> None:
    with pytest.raises(SignatureError, match="not signed"):
        verify_clear(signed[0], keyring=release_key.public)


def test_an_expired_key_is_refused(tmp_path: Path) -> None:
    home, signature, ring = tmp_path / "home", tmp_path / "clear", tmp_path / "ring.gpg"
    past = ("--faked-system-time", "1600000000!")
    with opened(home) as path:
        words = ("--pinentry-mode", "loopback", "--passphrase", "")
        run(
            [*gpg(path), *past, *words, "--quick-gen-key", "old <o@example.invalid>", "rsa2048", "sign", "1d"]
        )
        signature.write_text(run([*gpg(path), *past, "--output", "-", "--clearsign"], text=TEXT).stdout)
        run([*gpg(path), "--output", str(ring), "--export"])
    assert find_key(home) is None
    with pytest.raises(SignatureError, match="its key has expired"):
        verify_clear(signature, keyring=ring)


def test_a_made_key_has_no_subkeys_and_a_sha256_self_signature(release_key: TestKey, tmp_path: Path) -> None:
    packets = run(["gpg", "--homedir", str(tmp_path), "--list-packets", release_key.public]).stdout
    assert "public sub key" not in packets
    assert "digest algo 8," in packets
    assert "digest algo 2," not in packets
    assert "pkey[0]: [4096 bits]" in packets


def test_rpm_takes_a_made_key(release_key: TestKey, tmp_path: Path) -> None:
    run(["rpm", "--dbpath", tmp_path / "db", "--import", release_key.public])
    listed = run(["rpm", "--dbpath", tmp_path / "db", "-qa", "gpg-pubkey*"]).stdout
    assert release_key.signer.key.fingerprint[-8:].lower() in listed


def test_one_key_is_found_and_two_have_to_be_chosen_from(signer: Signer) -> None:
    assert find_key(signer.home) == signer.key
    second = make_key(signer.home, "second <s@example.invalid>", created=KEY_MADE)
    with pytest.raises(BadInputError, match="cannot choose between 2 keys"):
        find_key(signer.home)
    assert find_key(signer.home, fingerprint=second.fingerprint) == second
    assert find_key(signer.home, fingerprint="0" * 40) is None


def test_no_agent_stays(signer: Signer) -> None:
    with signer.session() as session:
        session.clear(TEXT, seconds=NOW)
        assert agents_of(signer.home)
    assert not agents_of(signer.home)


def test_sessions_follow_each_other_without_a_pause(signer: Signer) -> None:
    for _ in range(10):
        with signer.session() as session:
            session.clear(TEXT, seconds=NOW)


def test_an_agent_of_somebody_else_stays(signer: Signer) -> None:
    run(["gpg-connect-agent", "--homedir", signer.home, "/bye"])
    try:
        with signer.session() as session:
            session.clear(TEXT, seconds=NOW)
        assert agents_of(signer.home)
    finally:
        run(["gpgconf", "--homedir", signer.home, "--kill", "gpg-agent"])


def test_an_agent_that_a_killed_modpkg_left_is_ended(signer: Signer) -> None:
    run(["gpg-connect-agent", "--homedir", signer.home, "/bye"])
    (signer.home / ".modpkg.agent").touch()
    with signer.session() as session:
        session.clear(TEXT, seconds=NOW)
    assert not agents_of(signer.home)


def test_a_home_with_a_long_path_works(release_key: TestKey, tmp_path: Path) -> None:
    home = tmp_path / ("long" * 40) / "gnupg"
    home.parent.mkdir()
    signer = release_key.copy_to(home)
    assert find_key(home) == signer.key
    with signer.session() as session:
        assert "BEGIN PGP SIGNED MESSAGE" in session.clear(TEXT, seconds=NOW)
    short = Path("/tmp").glob("modpkg.*/gpg")  # noqa: S108 (where short paths are made)
    assert not [path for path in short if path.is_symlink() and path.readlink() == home]
    shutil.rmtree(home)
