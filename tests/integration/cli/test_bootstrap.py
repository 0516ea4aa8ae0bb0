"""bootstrap in a checkout of its own; dpkg, apt-get and Python are programs that write down their calls."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from modpkg.host.run import Completed, run

ROOT = Path(__file__).parents[3]
SEARCHED = "/usr/sbin:/usr/bin:/sbin:/bin"
DPKG_QUERY = """\
#!/bin/bash
# Answers as dpkg-query does: a line for each package of the file `installed`.
while read -r name; do echo "installed $name"; done <"$FAKE/installed"
echo "config-files removed-package"
exit 1
"""
APT_GET = """\
#!/bin/bash
echo "apt-get $*" >>"$FAKE/calls"
[[ $1 != -qq || $2 != update ]] || exit 0
! [[ -e $FAKE/archive-is-down ]] || { rm "$FAKE/archive-is-down"; exit 100; }
for word in "$@"; do [[ $word == -* || $word == *=* ]] || echo "$word" >>"$FAKE/installed"; done
echo "much talk"
"""
PYTHON = """\
#!/bin/bash
# Stands for the interpreter outside and inside of the environment.
case "$1 $2" in
"-c "*) exit "${FAKE_PYTHON_IS_OLD:-0}" ;;
"-m venv")
    echo "venv" >>"$FAKE/calls"
    mkdir -p "$3/bin"
    ln -s "$(readlink -f "$0")" "$3/bin/python"
    ;;
"-m pip")
    echo "pip $*" >>"$FAKE/calls"
    echo "pip talks"
    sleep "${FAKE_PIP_SECONDS:-0}"
    exit "${FAKE_PIP_STATUS:-0}"
    ;;
esac
"""

pytestmark = pytest.mark.programs


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A checkout with a bootstrap, and the stage around it."""

    root: Path
    fake: Path

    def run(self, *words: str | Path, **variables: str) -> Completed:
        """Run a program on the stage."""
        environment = {
            "PATH": f"{self.fake / 'bin'}:{SEARCHED}",
            "FAKE": str(self.fake),
            "BOOTSTRAP": str(self.root / "bootstrap"),
            "MODPKG_PYTHON": str(self.fake / "bin" / "python3"),
            **variables,
        }
        return run(words, env=environment, cwd=self.fake, check=False)

    def bootstrap(self, *words: str, **variables: str) -> Completed:
        return self.run(self.root / "bootstrap", *words, **variables)

    def calls(self) -> list[str]:
        """Give the calls since the last question."""
        path = self.fake / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def environments(self) -> list[str]:
        return sorted(path.name for path in self.root.glob(".venv-*"))

    def current(self) -> str:
        return str((self.root / ".venv").readlink())


def write_program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path)


def make_checkout(folder: Path) -> Checkout:
    root = folder / "a checkout, with 'quotes' & spaces"
    programs = folder / "stage" / "bin"
    root.mkdir()
    programs.mkdir(parents=True)
    for name in ("bootstrap", "packages.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    scripts = {"dpkg-query": DPKG_QUERY, "apt-get": APT_GET, "python3": PYTHON}
    for name, text in scripts.items():
        write_program(programs, name, text)
    wanted = [line.split()[0] for line in (ROOT / "packages.txt").read_text().splitlines() if line[:1] != "#"]
    (programs.parent / "installed").write_text("".join(f"{name}\n" for name in wanted))
    return Checkout(root=root, fake=programs.parent)


def remove_installed(checkout: Checkout, *names: str) -> None:
    path = checkout.fake / "installed"
    kept = [name for name in path.read_text().splitlines() if name not in names]
    path.write_text("".join(f"{name}\n" for name in kept))


def test_the_first_run_makes_the_environment_and_the_second_nothing(checkout: Checkout) -> None:
    first = checkout.bootstrap("printf", "%s|", "a b", "$HOME")
    assert (first.returncode, first.stdout) == (0, "a b|$HOME|")
    assert checkout.calls() == [
        "venv",
        "pip -m pip -qq --disable-pip-version-check install --editable " + f"{checkout.root}[dev]",
    ]
    second = checkout.bootstrap("true")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert checkout.calls() == []


def test_standard_output_belongs_to_the_command(checkout: Checkout) -> None:
    remove_installed(checkout, "rpm")
    completed = checkout.bootstrap("echo", "mine")
    assert completed.stdout == "mine\n"
    assert "pip talks" in completed.stderr
    assert "much talk" in completed.stderr


def test_the_command_runs_where_the_user_is_with_the_environment_first(checkout: Checkout) -> None:
    completed = checkout.bootstrap("sh", "-c", 'pwd; echo "${PATH%%:*}"; command -v python; exit 7')
    assert completed.returncode == 7
    assert completed.stdout.splitlines() == [
        str(checkout.fake),
        f"{checkout.root}/.venv/bin",
        f"{checkout.root}/.venv/bin/python",
    ]


def test_exactly_the_missing_packages_are_installed(checkout: Checkout) -> None:
    checkout.bootstrap("true")
    checkout.calls()
    remove_installed(checkout, "rpm", "qemu-system-x86")
    assert checkout.bootstrap("true").returncode == 0
    update, install = checkout.calls()
    assert update == "apt-get -qq update"
    assert install.endswith(" install qemu-system-x86 rpm")
    assert "--no-install-recommends" in install
    assert checkout.bootstrap("true").stderr == ""
    assert checkout.calls() == []


def test_an_archive_that_is_down_is_asked_again(checkout: Checkout) -> None:
    remove_installed(checkout, "rpm")
    (checkout.fake / "archive-is-down").touch()
    completed = checkout.bootstrap("true")
    assert completed.returncode == 0
    assert "bootstrap: apt-get failed (attempt 1 of 3)" in completed.stderr


def as_nobody(checkout: Checkout, *words: str, path: str) -> Completed:
    """Run bootstrap as a user who is not root."""
    drop = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    return checkout.run(*drop, checkout.root / "bootstrap", *words, PATH=path)


def open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o777)


def tools_but(programs: Path, *, without: str) -> str:
    """Give a search path with the programs of the system but one."""
    for folder in SEARCHED.split(":"):
        for path in Path(folder).iterdir():
            target = programs / path.name
            if path.name != without and not target.exists() and not target.is_symlink():
                target.symlink_to(path)
    return str(programs)


def test_a_user_without_root_and_sudo_is_told_what_to_ask_for() -> None:
    # Not in pytest's own folder, which other users may not enter.
    with TemporaryDirectory() as folder:
        checkout = make_checkout(Path(folder))
        remove_installed(checkout, "rpm")
        path = tools_but(checkout.fake / "bin", without="sudo")
        open_to_all(Path(folder))
        completed = as_nobody(checkout, "true", path=path)
    assert completed.returncode == 1
    assert completed.stderr.splitlines() == [
        "bootstrap: error: cannot install Debian packages: not root, and there is no sudo",
        "  hint: as root: apt-get install rpm",
    ]


def test_another_project_file_makes_another_environment_and_keeps_the_old_until_then(
    checkout: Checkout,
) -> None:
    checkout.bootstrap("true")
    first = checkout.current()
    with (checkout.root / "pyproject.toml").open("a") as stream:
        stream.write("\n")
    checkout.calls()
    assert checkout.bootstrap("true").returncode == 0
    assert [call.split()[0] for call in checkout.calls()] == ["venv", "pip"]
    assert checkout.current() != first
    assert first in checkout.environments()


def test_another_python_makes_another_environment(checkout: Checkout) -> None:
    checkout.bootstrap("true")
    checkout.calls()
    programs = checkout.fake / "bin"
    write_program(programs, "python3.12", PYTHON)
    (programs / "python3").unlink()
    (programs / "python3").symlink_to("python3.12")
    assert checkout.bootstrap("true").returncode == 0
    assert [call.split()[0] for call in checkout.calls()] == ["venv", "pip"]


def test_a_checkout_that_moved_gets_an_environment_for_its_new_place(checkout: Checkout) -> None:
    checkout.bootstrap("true")
    checkout.calls()
    moved = checkout.root.with_name("moved")
    checkout.root.rename(moved)
    assert Checkout(root=moved, fake=checkout.fake).bootstrap("true").returncode == 0
    assert [call.split()[0] for call in checkout.calls()] == ["venv", "pip"]


def test_packages_that_cannot_be_installed_leave_no_environment(checkout: Checkout) -> None:
    completed = checkout.bootstrap("true", FAKE_PIP_STATUS="1")
    assert completed.returncode == 1
    assert completed.stderr.splitlines()[-1] == (
        "bootstrap: error: cannot install the Python packages that pyproject.toml names"
    )
    assert not (checkout.root / ".venv").exists()
    assert checkout.bootstrap("true").returncode == 0
    assert checkout.environments() == [checkout.current()]


def test_a_bootstrap_that_was_killed_leaves_nothing_that_looks_whole(checkout: Checkout) -> None:
    script = """
        setsid "$BOOTSTRAP" true & child=$!
        until grep -qs pip "$FAKE/calls"; do sleep 0.05; done
        kill -KILL -- -$child
    """
    checkout.run("bash", "-c", script, FAKE_PIP_SECONDS="60")
    assert not (checkout.root / ".venv").exists()
    checkout.calls()
    assert checkout.bootstrap("true").returncode == 0
    assert [call.split()[0] for call in checkout.calls()] == ["venv", "pip"]
    assert checkout.environments() == [checkout.current()]


def test_of_two_at_once_one_makes_the_environment_and_the_other_waits(checkout: Checkout) -> None:
    script = 'for i in 1 2; do "$BOOTSTRAP" echo "ready $i" & done; wait'
    completed = checkout.run("bash", "-c", script, FAKE_PIP_SECONDS="0.5")
    assert sorted(completed.stdout.splitlines()) == ["ready 1", "ready 2"]
    assert [call.split()[0] for call in checkout.calls()] == ["venv", "pip"]


def test_the_command_does_not_hold_the_lock(checkout: Checkout) -> None:
    completed = checkout.bootstrap("sh", "-c", "ls -l /proc/self/fd; flock -n . true", FAKE_PIP_SECONDS="0")
    assert str(checkout.root) not in completed.stdout
    assert completed.returncode == 0


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        ("", (), "no command given"),
        ("real .venv", ("true",), ".venv was not made by bootstrap"),
    ],
)
def test_what_it_cannot_do_it_says(
    checkout: Checkout, change: str, words: tuple[str, ...], message: str
) -> None:
    if change:
        (checkout.root / ".venv").mkdir()
    completed = checkout.bootstrap(*words)
    assert completed.returncode == 1
    assert message in completed.stderr
    assert "hint: " in completed.stderr
