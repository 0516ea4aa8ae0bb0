"""dpkg and apt judge the .deb packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.host.run import CommandError, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.packages import Pair

pytestmark = pytest.mark.programs
PLACE = "usr/share/modpkg/modules/bookworm/slurm"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give an empty root with dpkg's and apt's directories."""
    root = tmp_path / "root"
    for name in (
        "var/lib/dpkg/info",
        "var/lib/dpkg/triggers",
        "var/lib/dpkg/updates",
        "var/lib/apt/lists/partial",
        "var/cache/apt/archives/partial",
        "var/log/apt",
        "etc/apt/apt.conf.d",
        "etc/apt/preferences.d",
        "etc/apt/sources.list.d",
        "etc/apt/trusted.gpg.d",
    ):
        (root / name).mkdir(parents=True)
    for name in ("status", "available"):
        (root / "var/lib/dpkg" / name).touch()
    return root


def dpkg(root: Path, *words: str | Path) -> str:
    return run(["dpkg", f"--root={root}", f"--log={root}/log", *words]).stdout


def apt_get(root: Path, *words: str | Path) -> str:
    options = {
        "Dir": root,
        "Dir::State::status": root / "var/lib/dpkg/status",
        "Dir::Bin::methods": "/usr/lib/apt/methods",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "1",
        "DPkg::Options::": f"--root={root}",
        "DPkg::Pre-Install-Pkgs": "",
    }
    flags = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    extra = ["-o", f"DPkg::Options::=--log={root}/log"]
    return run(["apt-get", *flags, *extra, "-y", *words], env={"DEBIAN_FRONTEND": "noninteractive"}).stdout


def test_dpkg_deb_shows_and_unpacks_it(slurm: Pair, tmp_path: Path) -> None:
    assert " Modpkg-Platform: bookworm\n" in run(["dpkg-deb", "-I", slurm.deb]).stdout
    listing = run(["dpkg-deb", "-c", slurm.deb]).stdout.splitlines()
    assert listing[-1].endswith(f"./{PLACE}/fragment.squashfs")
    assert all(line.split()[1] == "root/root" for line in listing)
    run(["dpkg-deb", "-x", slurm.deb, tmp_path / "out"])
    assert (tmp_path / "out" / PLACE / "fragment.squashfs").read_bytes() == slurm.fragment.read_bytes()


def test_dpkg_installs_verifies_and_removes(core: Pair, slurm: Pair, root: Path) -> None:
    dpkg(root, "-i", core.deb, slurm.deb)
    assert dpkg(root, "--audit") == dpkg(root, "--verify") == ""
    # The package has no md5sums: dpkg makes the file itself, so a changed fragment is still noticed.
    with (root / PLACE / "fragment.squashfs").open("ab") as stream:
        stream.write(b"x")
    assert run(["dpkg", f"--root={root}", "--verify"], check=False).stdout.endswith(
        f"/{PLACE}/fragment.squashfs\n"
    )
    dpkg(root, "-r", slurm.module.package_name)
    assert not (root / PLACE).exists()


def test_dpkg_wants_the_lower_module(slurm: Pair, root: Path) -> None:
    with pytest.raises(CommandError, match=r"modpkg-module-core-bookworm \(= 12\.0\.3-41\)"):
        dpkg(root, "-i", slurm.deb)


def test_apt_installs_the_files(core: Pair, slurm: Pair, root: Path) -> None:
    apt_get(root, "install", core.deb, slurm.deb)
    show = ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${Package} ${Status}\n"]
    assert run(show).stdout.splitlines() == [
        "modpkg-module-core-bookworm install ok installed",
        "modpkg-module-slurm-bookworm install ok installed",
    ]


def test_apt_refuses_without_the_lower_module(slurm: Pair, root: Path) -> None:
    with pytest.raises(CommandError) as caught:
        apt_get(root, "install", slurm.deb)
    assert "Depends: modpkg-module-core-bookworm (= 12.0.3-41)" in caught.value.completed.stdout
