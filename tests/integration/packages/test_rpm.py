"""rpm, dnf and createrepo_c judge the .rpm packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import createrepo_c
import pytest

from modpkg.host.run import CommandError, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.packages import Pair

pytestmark = pytest.mark.programs
PLACE = "usr/share/modpkg/modules/bookworm/slurm"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a home whose macros put the database where rpm distributions have it; Debian's rpm has another."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".rpmmacros").write_text("%_dbpath /var/lib/rpm\n")
    return home


def rpm(home: Path, *words: str | Path) -> str:
    return run(["rpm", *words], env={"HOME": str(home)}).stdout


def dnf(home: Path, root: Path, *words: str | Path) -> str:
    places = {name: home / name for name in ("cachedir", "logdir", "persistdir", "reposdir")}
    for place in places.values():
        place.mkdir(exist_ok=True)
    (home / "dnf.conf").write_text("[main]\nplugins=0\ngpgcheck=0\nlocalpkg_gpgcheck=0\n")
    flags = [f"--setopt={name}={place}" for name, place in places.items()]
    flags += [f"--config={home}/dnf.conf", f"--installroot={root}", "--releasever=1", "--forcearch=x86_64"]
    return run(["dnf", *flags, "-y", *words], env={"HOME": str(home), "RPM_FORCE_DEBIAN": "1"}).stdout


def test_digests_are_right(slurm: Pair, home: Path) -> None:
    assert [line.strip() for line in rpm(home, "-Kv", slurm.rpm).splitlines()[1:]] == [
        "Header SHA256 digest: OK",
        "Payload SHA256 digest: OK",
    ]


def test_a_flipped_byte_is_noticed(slurm: Pair, home: Path, tmp_path: Path) -> None:
    content = bytearray(slurm.rpm.read_bytes())
    content[-400] ^= 1
    (tmp_path / "bad.rpm").write_bytes(content)
    with pytest.raises(CommandError, match="Payload SHA256 digest: BAD"):
        rpm(home, "-Kv", tmp_path / "bad.rpm")


def test_rpm_shows_it(slurm: Pair, home: Path) -> None:
    shown = rpm(home, "-qip", "--changelog", slurm.rpm)
    assert "Packager    : Ada Packager <ada@cluster.example>\n" in shown
    assert "* Thu Oct 09 2025 Ada Packager <ada@cluster.example> - 23.11.4-2\n- Release" in shown
    assert rpm(home, "-qp", "--conflicts", slurm.rpm) == "modpkg-module-slurm-22-bookworm\n"
    assert rpm(home, "-qp", "--scripts", "--triggers", slurm.rpm) == ""


def test_rpm_installs_verifies_and_removes(core: Pair, slurm: Pair, home: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    rpm(home, "--force-debian", "--root", root, "-i", core.rpm, slurm.rpm)
    assert rpm(home, "--root", root, "-Va") == ""
    assert (root / PLACE / "fragment.squashfs").read_bytes() == slurm.fragment.read_bytes()
    rpm(home, "--force-debian", "--root", root, "-e", slurm.module.package_name)
    assert not (root / PLACE).exists()


def test_dnf_installs_the_files(core: Pair, slurm: Pair, home: Path, tmp_path: Path) -> None:
    dnf(home, tmp_path / "root", "install", core.rpm, slurm.rpm)
    names = rpm(home, "--root", tmp_path / "root", "-qa").splitlines()
    assert sorted(names) == [
        "modpkg-module-core-bookworm-12.0.3-41.x86_64",
        "modpkg-module-slurm-bookworm-23.11.4-2.x86_64",
    ]


def test_dnf_refuses_without_the_lower_module(slurm: Pair, home: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nothing provides modpkg-module-core-bookworm = 12\.0\.3-41"):
        dnf(home, tmp_path / "root", "install", slurm.rpm)


def test_createrepo_c_reads_it(slurm: Pair) -> None:
    package = createrepo_c.package_from_rpm(str(slurm.rpm))
    assert package.nevra() == "modpkg-module-slurm-bookworm-0:23.11.4-2.x86_64"
    assert (
        "modpkg-fragment(sha256)",
        "EQ",
        "0",
        slurm.module.fragment.sha256,
        None,
        False,
    ) in package.provides
    assert f"/{PLACE}/" in {entry[1] for entry in package.files}
    assert len(package.changelogs) == 2


def test_rpmsign_signs_in_place(slurm: Pair, home: Path, tmp_path: Path) -> None:
    gpg_home = tmp_path / "gpg"
    gpg_home.mkdir(mode=0o700)
    env = {"GNUPGHOME": str(gpg_home), "HOME": str(home)}
    key = ["--pinentry-mode", "loopback", "--passphrase", "", "--quick-gen-key", "test <t@t>", "rsa2048"]
    run(["gpg", "--batch", *key, "sign", "1y"], env=env)
    signed = tmp_path / "signed.rpm"
    signed.write_bytes(slurm.rpm.read_bytes())
    before = signed.stat()
    try:
        macros = ["--define", "__gpg /usr/bin/gpg", "--define", "_gpg_name t@t"]
        run(["rpmsign", *macros, "--addsign", signed], env=env)
        (tmp_path / "key").write_text(run(["gpg", "--armor", "--export"], env=env).stdout)
    finally:
        run(["gpgconf", "--kill", "all"], env=env)
    assert (signed.stat().st_ino, signed.stat().st_size) == (before.st_ino, before.st_size)
    rpm(home, "--dbpath", tmp_path / "db", "--import", tmp_path / "key")
    assert "Signature, key ID" in rpm(home, "--dbpath", tmp_path / "db", "-Kv", signed)
