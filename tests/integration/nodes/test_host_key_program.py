"""The program of core that makes a node's ssh host keys, run by the shell and the ssh-keygen that a node has."""

from __future__ import annotations

from pathlib import Path

import pytest

from modpkg.host.run import run

pytestmark = pytest.mark.programs
CORE = Path(__file__).parents[3] / "recipes/modules/core"


def make(place: Path, *names: str) -> list[str]:
    """Name some keys to sshd, make them, and give the files that are there then."""
    config = place / "sshd_config.d"
    config.mkdir(exist_ok=True)
    lines = [f"HostKey {place}/ssh/ssh_host_{name}_key\n" for name in names]
    (config / "keys.conf").write_text("# HostKey /etc/never\n" + "".join(lines))
    run(["dash", CORE / "host-keys.sh", config])
    return sorted(path.name for path in (place / "ssh").iterdir())


def test_the_keys_that_sshd_is_told_of_are_made_once_and_no_others(tmp_path: Path) -> None:
    found = make(tmp_path, "ed25519", "ecdsa")
    assert found == [
        "ssh_host_ecdsa_key",
        "ssh_host_ecdsa_key.pub",
        "ssh_host_ed25519_key",
        "ssh_host_ed25519_key.pub",
    ]
    key = tmp_path / "ssh/ssh_host_ed25519_key"
    first = key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    public = run(["ssh-keygen", "-y", "-f", key]).stdout.split()[:2]
    assert public == key.with_name(f"{key.name}.pub").read_text().split()[:2]
    assert public[0] == "ssh-ed25519"

    # A site adds a type by one line; a key that lost its content on a disk is made again.
    (tmp_path / "ssh/ssh_host_ecdsa_key").write_bytes(b"")
    assert "ssh_host_rsa_key" in make(tmp_path, "ed25519", "ecdsa", "rsa")
    assert key.read_bytes() == first
    assert b"PRIVATE KEY" in (tmp_path / "ssh/ssh_host_ecdsa_key").read_bytes()


def test_a_key_that_cannot_be_made_keeps_no_other_from_being_made(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="unknown key type none"):
        make(tmp_path, "none", "ed25519")
    assert (tmp_path / "ssh/ssh_host_ed25519_key").exists()


def test_core_names_the_keys_that_its_own_program_makes(tmp_path: Path) -> None:
    text = (CORE / "host-keys.conf").read_text()
    names = [
        line.rpartition("ssh_host_")[2].removesuffix("_key") for line in text.splitlines() if "/" in line
    ]
    assert names == ["ed25519", "ecdsa"]
    assert len(make(tmp_path, *names)) == 4
