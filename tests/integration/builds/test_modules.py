"""What the builds of real packages leave: the right files, owners and records, and nothing of the machine."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from modpkg.host.run import run
from modpkg.model.module import Module
from modpkg.pipeline.build_modules import read_built
from modpkg.rootfs.state.dpkg import Stanza
from tests.support.small_platform import MODULES
from tests.support.small_store import Small

pytestmark = [pytest.mark.programs, pytest.mark.network]
# Version 2, effective; bit 13 is cap_net_raw (capability.h).
CAP_NET_RAW = "0100000200200000000000000000000000000000"
STATE = (
    "etc/passwd",
    "etc/group",
    "etc/shadow",
    "etc/gshadow",
    "etc/ld.so.cache",
    "etc/alternatives/awk",
    "var/lib/dpkg/status",
    "var/lib/dpkg/available",
    "var/lib/dpkg/triggers/File",
    "var/lib/dpkg/lock",
    "var/cache/ldconfig/aux-cache",
    "var/log/dpkg.log",
    "var/lib/apt/extended_states",
)


@pytest.fixture(scope="module")
def modules(small: Small) -> dict[str, Module]:
    workshop = small.workshop()
    return {name: read_built(workshop, name) for name in MODULES}


@pytest.fixture(scope="module")
def trees(
    small: Small, modules: dict[str, Module], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Give all fragments as unsquashfs unpacks them: not as the build left them."""
    place = tmp_path_factory.mktemp("fragments")
    for name, module in modules.items():
        fragment = small.store.path(module.fragment.sha256)
        run(["unsquashfs", "-no-progress", "-quiet", "-dest", place / name, fragment])
    return {name: place / name for name in modules}


def entries(tree: Path) -> Iterator[Path]:
    return (path for path in (tree, *tree.rglob("*")))


@pytest.mark.parametrize("name", MODULES)
def test_exactly_the_locked_packages_are_installed(
    small: Small, modules: dict[str, Module], name: str
) -> None:
    locked = {(package.name, package.version) for package in small.workshop().lock.modules[name]}
    assert {(package.name, package.version) for package in modules[name].packages} == locked
    stanzas = map(Stanza.parse, modules[name].state.stanzas)
    assert {(stanza.package, stanza.version) for stanza in stanzas} == locked


@pytest.mark.parametrize("name", MODULES)
def test_every_package_is_wholly_installed(modules: dict[str, Module], name: str) -> None:
    assert all("Status: install ok installed\n" in stanza for stanza in modules[name].state.stanzas)


def test_maintainer_scripts_made_accounts_with_the_ids_of_the_table(modules: dict[str, Module]) -> None:
    lines = modules["munge"].state.lines
    assert [line.split(":")[:4] for line in lines["etc/passwd"]] == [["munge", "x", "405", "405"]]
    assert lines["etc/group"] == ("munge:x:405:",)
    groups = {line.split(":")[0]: line.split(":")[2] for line in modules["core"].state.lines["etc/group"]}
    assert groups["systemd-journal"] == "410"


def test_maintainer_scripts_chose_alternatives(modules: dict[str, Module]) -> None:
    assert [choice.path for choice in modules["core"].state.alternatives["awk"].choices] == ["/usr/bin/mawk"]


def test_files_belong_to_the_accounts_of_the_table(trees: dict[str, Path]) -> None:
    infos = {path: (trees["munge"] / path).stat() for path in ("etc/munge", "var/lib/munge")}
    found = {path: (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) for path, info in infos.items()}
    assert found == {"etc/munge": (405, 405, 0o700), "var/lib/munge": (405, 405, 0o711)}


@pytest.mark.parametrize("name", MODULES)
def test_no_id_comes_from_the_machine(trees: dict[str, Path], name: str) -> None:
    known = {0, 65534, 405, *range(1, 100), *range(400, 415)}
    owners = {ident for path in entries(trees[name]) for ident in (path.lstat().st_uid, path.lstat().st_gid)}
    assert owners <= known


@pytest.mark.parametrize("name", MODULES)
def test_state_is_not_in_the_fragment(trees: dict[str, Path], name: str) -> None:
    assert [path for path in STATE if os.path.lexists(trees[name] / path)] == []
    assert not list(trees[name].glob("run/*"))
    assert not list(trees[name].glob("tmp/*"))
    assert not [path for path in trees[name].glob("var/log/**/*") if path.is_file()]
    assert not [path for path in trees[name].glob("var/cache/**/*") if path.is_file()]


def test_documentation_is_left_out_but_licences_stay(trees: dict[str, Path]) -> None:
    assert (trees["tools"] / "usr/share/doc/hello/copyright").is_file()
    assert not list((trees["tools"] / "usr/share/doc/hello").glob("*[!t]"))
    assert not (trees["tools"] / "usr/share/man").exists()


def test_a_secret_is_left_out_and_named(small: Small, modules: dict[str, Module]) -> None:
    assert "etc/munge/munge.key" not in modules["munge"].paths
    warned = [event["message"] for event in small.events if event["event"] == "Warned"]
    assert [message for message in warned if "left out" in message] == [
        "munge: left out /etc/munge/munge.key"
    ]


def test_no_service_was_started(small: Small) -> None:
    # The effect is tested with a service of our own in test_scripts.py; munge's own script asks, too.
    said = [event["line"] for event in small.events if event["event"] == "Output"]
    assert any("policy-rc.d denied execution of start" in line or "not starting" in line for line in said)


def test_setuid_is_kept(trees: dict[str, Path]) -> None:
    assert stat.S_IMODE((trees["core"] / "usr/bin/mount").stat().st_mode) == 0o4755
    assert stat.S_IMODE((trees["probe"] / "usr/bin/probe").stat().st_mode) == 0o4755


def test_capabilities_are_kept(trees: dict[str, Path]) -> None:
    capability = os.getxattr(trees["tools"] / "usr/bin/ping", "security.capability")
    assert capability.hex() == CAP_NET_RAW


@pytest.mark.parametrize("name", MODULES)
def test_no_other_extended_attribute_is_in_a_fragment(trees: dict[str, Path], name: str) -> None:
    names = {
        attribute for path in entries(trees[name]) for attribute in os.listxattr(path, follow_symlinks=False)
    }
    assert names <= {"security.capability"}


@pytest.mark.parametrize("name", MODULES)
def test_every_time_is_the_release_or_the_fixed_one_of_directories(
    modules: dict[str, Module], trees: dict[str, Path], name: str
) -> None:
    times = {
        (path.is_dir() and not path.is_symlink(), path.lstat().st_mtime) for path in entries(trees[name])
    }
    assert times <= {(True, 946684800.0), (False, float(modules[name].source_date_epoch))}


def test_the_machine_id_is_shipped_empty(trees: dict[str, Path]) -> None:
    assert (trees["core"] / "etc/machine-id").read_bytes() == b""


def test_contents_are_placed_with_mode_and_owner(trees: dict[str, Path]) -> None:
    tree = trees["probe"]
    found = {
        path: (
            stat.S_IMODE((tree / path).lstat().st_mode),
            (tree / path).lstat().st_uid,
            (tree / path).lstat().st_gid,
        )
        for path in ("usr/share/probe/tree/below", "usr/share/probe/tree/below/two", "var/lib/probe")
    }
    assert found == {
        "usr/share/probe/tree/below": (0o750, 0, 405),
        "usr/share/probe/tree/below/two": (0o640, 0, 405),
        "var/lib/probe": (0o700, 405, 405),
    }
    assert (tree / "usr/bin/probe-too").readlink().name == "probe"


def test_scripts_ran_on_the_modules_below(trees: dict[str, Path]) -> None:
    assert (trees["probe"] / "usr/share/probe/greeting").read_text() == "Hello, world!\n"


def test_units_are_enabled_and_masked(trees: dict[str, Path]) -> None:
    units = trees["probe"] / "etc/systemd/system"
    assert (
        str((units / "multi-user.target.wants/probe.service").readlink())
        == "/etc/systemd/system/probe.service"
    )
    assert str((units / "fstrim.timer").readlink()) == "/dev/null"


def test_a_module_holds_nothing_of_those_below(modules: dict[str, Module]) -> None:
    lower = {path for path, line in modules["core"].paths.items() if not line.startswith("dir ")}
    for name in set(MODULES) - {"core"}:
        assert not lower & modules[name].paths.keys()
    assert [one.name for one in modules["probe"].depends] == ["core", "munge", "tools"]


@pytest.mark.parametrize("name", MODULES)
def test_module_json_tells_the_fragment(
    small: Small, modules: dict[str, Module], trees: dict[str, Path], name: str
) -> None:
    fragment = modules[name].fragment
    assert small.store.path(fragment.sha256).stat().st_size == fragment.size
    found = {str(path.relative_to(trees[name])) for path in trees[name].rglob("*")}
    assert found == modules[name].paths.keys()


def test_both_packages_hold_the_fragment(small: Small, modules: dict[str, Module], tmp_path: Path) -> None:
    name = "modpkg-module-probe-small"
    place = small.work / "packages" / "small"
    run(["dpkg-deb", "-x", place / f"{name}_0.1.0-1_amd64.deb", tmp_path / "deb"])
    rpm = place / f"{name}-0.1.0-1.x86_64.rpm"
    run(["sh", "-c", 'rpm2cpio "$1" | cpio -idm --quiet', "sh", rpm], cwd=_new(tmp_path / "rpm"))
    path = modules["probe"].directory + "/fragment.squashfs"
    wanted = small.store.path(modules["probe"].fragment.sha256).read_bytes()
    assert (tmp_path / "deb" / path).read_bytes() == wanted
    assert (tmp_path / "rpm" / path).read_bytes() == wanted


def _new(directory: Path) -> Path:
    directory.mkdir()
    return directory
