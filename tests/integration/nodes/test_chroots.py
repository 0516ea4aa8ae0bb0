"""A chroot of the real archive, and real package managers in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Output, ignore
from modpkg.host.run import run
from modpkg.pipeline.chroots import read_chroot
from modpkg.pipeline.commit_chroot import commit_chroot
from modpkg.pipeline.enter_chroot import enter_chroot
from modpkg.rootfs.debian import POLICY
from tests.support.small_chroot import make_package, small_chroot

if TYPE_CHECKING:
    from modpkg.events import Event
    from modpkg.model.chroot import ChrootPlaces

pytestmark = [pytest.mark.programs, pytest.mark.network]
SERVICE = """\
#!/bin/sh
set -e
test -x /usr/sbin/policy-rc.d && /usr/sbin/policy-rc.d row start || echo "status $?"
grep -q nameserver /etc/resolv.conf && echo resolver
"""


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> ChrootPlaces:
    return small_chroot(tmp_path_factory.mktemp("chroots"), "apps")


def said(places: ChrootPlaces, command: str) -> list[str]:
    lines: list[str] = []

    def sink(event: Event) -> None:
        if isinstance(event, Output):
            lines.append(event.line)

    enter_chroot(places, command, terminal="dumb", sink=sink)
    return lines


def test_it_is_a_whole_system_of_the_platform(apps: ChrootPlaces) -> None:
    assert read_chroot(apps).packages > 60
    assert "VERSION_CODENAME=bookworm" in (apps.tree / "usr/lib/os-release").read_text()
    assert (apps.tree / "bin").readlink() == Path("usr/bin")
    assert not (apps.tree / "etc/hostname").exists()
    assert (apps.tree / "etc/resolv.conf").read_bytes() == b""
    assert run(["dpkg", f"--root={apps.tree}", "--audit"]).stdout == ""
    (sources,) = (apps.tree / "etc/apt/sources.list.d").iterdir()
    assert "Suites: bookworm bookworm-updates" in sources.read_text()
    signed = next(line for line in sources.read_text().splitlines() if line.startswith("Signed-By: "))
    assert (apps.tree / signed.removeprefix("Signed-By: /")).is_file()
    assert "slurm:x:64030:64030:" in (apps.tree / "etc/passwd").read_text()


def test_packages_are_installed_there_and_no_service_started(apps: ChrootPlaces, tmp_path: Path) -> None:
    package = make_package(tmp_path, "1", program=apps.tree / "usr/bin/true")
    (apps.tree / "root" / package.name).write_bytes(package.read_bytes())
    before = read_chroot(apps).packages
    said(apps, f"apt-get --quiet --yes install /root/{package.name}")
    assert read_chroot(apps).packages == before + 1
    assert (apps.tree / "etc/alternatives/row-alt").readlink() == Path("/usr/bin/row-run")
    lines = said(apps, SERVICE)
    assert lines[0] == "status 101"
    assert not (apps.tree / POLICY).exists()
    assert Path("/proc/mounts").read_text().count(str(apps.tree)) == 0


def test_it_has_processes_and_mounts_of_its_own(apps: ChrootPlaces) -> None:
    assert said(apps, "echo $$; ls /proc/1/root/etc/debian_version; touch /tmp/x /run/x")[0] < "9"
    assert list((apps.tree / "tmp").iterdir()) == []
    assert list((apps.tree / "run").glob("x")) == []


def test_a_command_that_fails_is_told_with_its_last_words(apps: ChrootPlaces) -> None:
    with pytest.raises(ModpkgError, match="ended with status 7") as caught:
        said(apps, "echo why it failed >&2; exit 7")
    assert "why it failed" in caught.value.what
    assert not (apps.tree / POLICY).exists()


def test_the_sites_own_policy_stays(apps: ChrootPlaces) -> None:
    policy = apps.tree / POLICY
    policy.write_text("#!/bin/sh\nexit 0\n")
    said(apps, "true")
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    policy.unlink()


def test_a_generation_shares_what_did_not_change_with_the_one_before(apps: ChrootPlaces) -> None:
    commit_chroot(apps, keep=5, now=1, dry_run=False, sink=ignore)
    said(apps, "dpkg --purge row && chmod 0700 /usr/bin/env")
    second = commit_chroot(apps, keep=5, now=2, dry_run=False, sink=ignore)
    assert second.record is not None
    assert second.record.linked > 4000
    assert second.record.copied_bytes < 1 << 20
    assert (apps.generation(1) / "usr/bin/row-run").exists()
    assert not (apps.generation(2) / "usr/bin/row-run").exists()
    assert (apps.generation(1) / "usr/bin/env").stat().st_mode & 0o777 == 0o755
