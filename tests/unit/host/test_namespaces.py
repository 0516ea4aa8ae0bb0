import os
import time
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.host import namespaces
from modpkg.host.run import Completed, run


def test_root_needs_no_mapped_ids() -> None:
    if os.geteuid() != 0:
        pytest.skip("for root only")
    assert namespaces.mode() == "root"


def test_a_build_is_apart_and_dies_with_its_parent() -> None:
    words = namespaces.enter("root")
    assert words[:3] == ("setpriv", "--pdeathsig", "KILL")
    assert {"--mount", "--pid", "--net", "--kill-child"} <= set(words)
    assert "--user" not in words


def test_what_a_command_leaves_running_ends_with_it() -> None:
    if os.geteuid() != 0:
        pytest.skip("for root only")
    start = time.monotonic()
    done = run([*namespaces.OWN_PROCESSES, "sh", "-c", "sleep 1000 & echo said"])
    assert done.stdout == "said\n"
    assert time.monotonic() - start < 500


def test_how_a_command_with_processes_of_its_own_ends_is_told() -> None:
    if os.geteuid() != 0:
        pytest.skip("for root only")
    assert run([*namespaces.OWN_PROCESSES, "sh", "-c", "exit 7"], check=False).returncode == 7


def test_a_user_gets_a_range_of_ids_and_not_one() -> None:
    assert {"--user", "--map-root-user", "--map-auto"} <= set(namespaces.enter("user"))


@pytest.mark.parametrize("word", [*namespaces.APART, *namespaces.MAPPED])
def test_every_word_is_an_option(word: str) -> None:
    assert word.startswith("--")
    assert Path("/usr/bin/unshare").exists()


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user with a range of ids whose kernel refuses; gives the folder that stands for /proc/sys."""
    tables = {Path("/etc/subuid"): tmp_path / "subuid", Path("/etc/subgid"): tmp_path / "subgid"}
    for table in tables.values():
        table.write_text("7001:100000:65536\n")

    def path(*words: str) -> Path:
        whole = Path(*words)
        settings = whole.is_relative_to("/proc/sys")
        return tmp_path / whole.relative_to("/") if settings else tables.get(whole, whole)

    monkeypatch.setattr(namespaces, "Path", path)
    monkeypatch.setattr(namespaces.tools, "require", str)
    monkeypatch.setattr(os, "geteuid", lambda: 7001)
    monkeypatch.setattr(os, "getuid", lambda: 7001)
    refused = Completed(("unshare",), 1, "", "unshare failed")
    monkeypatch.setattr(namespaces, "run", lambda *_words, **_more: refused)
    return tmp_path / "proc/sys"


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({}, "run modpkg as root; in a container, outside of it"),
        (
            {"kernel/unprivileged_userns_clone": "1", "user/max_user_namespaces": "95012"},
            "run modpkg as root; in a container, outside of it",
        ),
        (
            {"kernel/unprivileged_userns_clone": "0"},
            "as root: sysctl -w kernel.unprivileged_userns_clone=1; or run modpkg as root",
        ),
        (
            {"kernel/apparmor_restrict_unprivileged_userns": "1", "user/max_user_namespaces": "0"},
            (
                "as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 "
                "user.max_user_namespaces=15000; or run modpkg as root"
            ),
        ),
        (
            {"user/max_user_namespaces": "many"},
            "run modpkg as root; in a container, outside of it",
        ),
    ],
)
def test_the_settings_that_forbid_user_namespaces_are_named(
    ordinary: Path, settings: dict[str, str], hint: str
) -> None:
    for name, value in settings.items():
        (ordinary / name).parent.mkdir(parents=True, exist_ok=True)
        (ordinary / name).write_text(f"{value}\n")
    with pytest.raises(ModpkgError) as caught:
        namespaces.mode()
    assert caught.value.hint == hint
    assert "the kernel refuses user namespaces" in caught.value.what
