"""The programs of the module `node`, run as a node runs them, on a share and a root that are directories."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from modpkg.host.run import run
from modpkg.pipeline.files import plan_files, write_files

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.programs
PROGRAMS = Path(__file__).parents[3] / "recipes/modules/node/programs"


@dataclass
class Bench:
    """A share, a node's root, and the programs that go from one to the other."""

    share: Path
    root: Path
    results: Path
    status: int = 0
    said: str = ""

    def write(self, name: str, text: str, *, mode: int = 0o644) -> Path:
        path = self.share / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def plan(self, text: str) -> None:
        self.write("files.yaml", text)
        write_files(plan_files(self.share))

    def apply(self, node: str = "n1") -> dict[str, str]:
        """Apply the files of the share; gives what became of each path."""
        told = self.run("files", "--root", str(self.root), "--node", node)
        return {entry["name"]: entry["detail"] for entry in told["entries"]}

    def run(self, program: str, *words: str) -> Any:
        """Run a program; gives its result."""
        command = [
            sys.executable,
            "-B",
            PROGRAMS / f"{program}.py",
            "--share",
            self.share,
            "--results",
            self.results,
        ]
        done = run([*command, *words], check=False)
        self.status, self.said = done.returncode, done.stdout
        return json.loads((self.results / f"{program}.json").read_text())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "share", tmp_path / "root", tmp_path / "results")
    bench.share.mkdir()
    bench.root.mkdir()
    return bench


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PROGRAMS))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location(f"node_{name}", PROGRAMS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_an_empty_share_is_no_fault_and_no_work(bench: Bench) -> None:
    for program in ("files", "rc"):
        told = bench.run(program)
        assert (told["ok"], told["problem"], told["entries"]) == (True, "", [])
        assert bench.status == 0


@pytest.mark.parametrize("program", ["files", "rc"])
def test_a_share_that_is_not_there_is_none(bench: Bench, program: str) -> None:
    bench.share.rmdir()
    assert bench.run(program)["ok"] is True


@pytest.mark.parametrize("program", ["files", "rc"])
def test_a_share_that_cannot_be_read_is_a_problem(bench: Bench, program: str) -> None:
    bench.share.rmdir()
    bench.share.write_text("")
    told = bench.run(program)
    assert bench.status == 1
    assert told["problem"].endswith("share: Not a directory")
    assert bench.said == f"failed: {told['problem']}\n"


def test_documents_without_a_plan_are_told(bench: Bench) -> None:
    bench.write("image-files/destinations", "/x\n")
    told = bench.run("files")
    assert told["problem"].startswith(
        "the share has image-files/destinations, but no files.plan: run `modpkg files`"
    )
    assert bench.status == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot read"),
        ("[]", "of a format that this node does not know"),
        ('{"format": 2}', "of a format that this node does not know"),
        ('{"format": 1, "entries": [{"kind": "device"}]}', "is damaged"),
        ('{"format": 1, "entries": [{"kind": "link", "path": "/x"}]}', "is damaged"),
    ],
)
def test_a_plan_that_cannot_be_used_changes_nothing(bench: Bench, text: str, words: str) -> None:
    bench.write("files.plan", text)
    assert words in bench.run("files", "--root", str(bench.root))["problem"]
    assert list(bench.root.iterdir()) == []


def test_a_document_that_was_changed_since_is_told_and_the_plan_applied(bench: Bench) -> None:
    bench.plan("directories: [{path: /a}]\n")
    bench.write("files.yaml", "directories: [{path: /b}]\n")
    assert bench.apply() == {"/a": "made"}
    assert bench.status == 0
    assert "warning: files.yaml was changed since files.plan was made" in bench.said


DOCUMENT = """\
groups: {some: n1}
directories:
  - {path: /d/deep, mode: "01777"}
copies:
  - {source: a, path: /etc/a, mode: "0600"}
  - {source: b, path: /etc/a, mode: "0640", only: [some]}
links:
  - {path: /l, target: /etc/a}
"""


@pytest.fixture
def filled(bench: Bench) -> Bench:
    bench.write("a", "of all\n")
    bench.write("b", "of some\n")
    bench.plan(DOCUMENT)
    return bench


@pytest.mark.skipif(os.geteuid() != 0, reason="files of root need root")
def test_what_is_applied_once_stays_as_it_is(filled: Bench) -> None:
    assert filled.apply() == {"/d/deep": "made", "/etc/a": "copied", "/l": "linked"}
    assert (filled.root / "etc/a").read_text() == "of some\n"
    assert mode_of(filled.root / "etc/a") == 0o640
    assert mode_of(filled.root / "d/deep") == 0o1777
    assert str((filled.root / "l").readlink()) == "/etc/a"
    inode = (filled.root / "etc/a").stat().st_ino
    assert set(filled.apply().values()) == {"unchanged"}
    assert (filled.root / "etc/a").stat().st_ino == inode


@pytest.mark.skipif(os.geteuid() != 0, reason="files of root need root")
def test_the_entry_of_a_group_counts_on_its_nodes_alone(filled: Bench) -> None:
    filled.apply("n2")
    assert (filled.root / "etc/a").read_text() == "of all\n"
    assert mode_of(filled.root / "etc/a") == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="files of root need root")
def test_what_the_node_changed_is_brought_back(filled: Bench) -> None:
    filled.apply()
    file, link = filled.root / "etc/a", filled.root / "l"
    file.chmod(0o777)
    assert filled.apply()["/etc/a"] == "rights set"
    file.write_text("other\n")
    link.unlink()
    link.write_text("a file")
    assert filled.apply() == {"/d/deep": "unchanged", "/etc/a": "copied", "/l": "linked"}
    file.unlink()
    file.symlink_to(filled.share / "a")
    assert filled.apply()["/etc/a"] == "copied"
    # The link was replaced: what it led to is as it was.
    assert (filled.share / "a").read_text() == "of all\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="files of root need root")
def test_a_changed_file_of_the_share_needs_no_new_plan(filled: Bench) -> None:
    filled.apply()
    filled.write("b", "newer\n")
    assert filled.apply()["/etc/a"] == "copied"
    assert (filled.root / "etc/a").read_text() == "newer\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="files of root need root")
def test_what_cannot_be_applied_is_told_with_its_line_and_the_rest_is_applied(bench: Bench) -> None:
    bench.write("a", "x")
    bench.plan(
        "directories:\n  - {path: /file/below}\n  - {path: /own, owner: nosuch}\ncopies:\n  - {source: a, path: /dir}\n"
        "  - {source: a, path: /gone}\n  - {source: a, path: /ok, group: nosuch}\n  - {source: a, path: /good}\n"
        "links:\n  - {path: /dir2, target: x}\n"
    )
    (bench.root / "file").write_text("")
    (bench.root / "dir").mkdir()
    (bench.root / "dir2").mkdir()
    told = bench.apply()
    assert bench.status == 1
    assert told["/file/below"] == f"Not a directory {bench.root}/file (from files.yaml:2)" or told[
        "/file/below"
    ].endswith("(from files.yaml:2)")
    assert told["/own"] == "this node has no user 'nosuch' (from files.yaml:3)"
    assert told["/dir"] == "there is a directory in the place of the file (from files.yaml:5)"
    assert told["/ok"] == "this node has no group 'nosuch' (from files.yaml:7)"
    assert told["/dir2"] == "there is a directory in the place of the link (from files.yaml:10)"
    assert told["/good"] == "copied"
    assert sorted(path.name for path in bench.root.iterdir()) == ["dir", "dir2", "file", "gone", "good"]


@pytest.mark.skipif(os.geteuid() != 0, reason="files of root need root")
def test_a_source_that_went_away_leaves_the_file(filled: Bench) -> None:
    filled.apply()
    (filled.share / "b").unlink()
    assert filled.apply()["/etc/a"].startswith(f"No such file or directory {filled.share}/b (from ")
    assert (filled.root / "etc/a").read_text() == "of some\n"


def test_scripts_are_those_of_run_parts_in_the_order_of_bytes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rc, results = load("rc", monkeypatch), load("results", monkeypatch)
    for name in ("b", "A", "a", "10_x-Y", "9", "a~", "a.bak", "#a#", ".a.swp", "a.dpkg-old", "ä"):
        bench.write(f"rc.boot/{name}", "", mode=0o755)
    bench.write("rc.boot/plain", "")
    (bench.share / "rc.boot/folder").mkdir()
    (bench.share / "rc.boot/broken").symlink_to("none")
    result = results.Result("rc")
    found = rc.find_scripts(bench.share / "rc.boot", result)
    assert [path.name for path in found] == ["10_x-Y", "9", "A", "a", "b"]
    assert len(result.warnings) == 8
    assert [(entry.name, entry.detail) for entry in result.entries] == [
        ("broken", "it cannot be read: No such file or directory")
    ]


def test_scripts_that_are_a_file_are_a_problem(bench: Bench) -> None:
    bench.write("rc.boot", "")
    assert bench.run("rc")["problem"].endswith("rc.boot: Not a directory")
    assert bench.status == 1


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("Running as unit: x\nFinished with result: timeout\n", "its time of 5 s was over"),
        ("Finished with result: exit-code\nMain processes terminated\n", "it ended with status 3"),
        ("Finished with result: signal\n", "it was ended by a signal"),
        ("Finished with result: oom-kill\n", "it ran out of memory"),
        ("Finished with result: watchdog\n", "watchdog"),
        (
            "Failed to start transient service unit: x\n",
            "systemd could not run it: Failed to start transient service unit: x",
        ),
        ("", "systemd could not run it: nothing"),
    ],
)
def test_why_a_script_failed_is_what_systemd_tells(
    told: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load("rc", monkeypatch).reason_of(told, 3, 5) == reason


def test_the_head_is_told_in_one_line(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = load("results", monkeypatch)
    tell = tmp_path / "tell.sh"
    tell.write_text('printf "%s|" "$MODPKG_PAUSES" "$@" >>"$0.log"; echo >>"$0.log"\n')
    monkeypatch.setattr(results, "PLACE", bench.results)
    monkeypatch.setattr(results, "TELL", tell)
    for entries, problem in (
        ([], "the share is not mounted"),
        ([("/a", True)], ""),
        ([("/a", True), ("/b", False), ("/c", False)], ""),
    ):
        result = results.Result("files", problem=problem)
        for name, is_ok in entries:
            result.add(results.Entry(name, ok=is_ok, detail="why"))
        result.finish(bench.results)
    assert (tmp_path / "tell.sh.log").read_text().splitlines() == [
        "0|files|failed|the share is not mounted|",
        "0|files|end|1 entries|",
        "0|files|failed|/b: why, and 1 more|",
    ]


def test_a_head_that_does_not_answer_keeps_no_program(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = load("results", monkeypatch)
    tell = tmp_path / "tell.sh"
    tell.write_text("exec sleep 60\n")
    monkeypatch.setattr(results, "PLACE", bench.results)
    monkeypatch.setattr(results, "TELL", tell)
    monkeypatch.setattr(results, "TELL_SECONDS", 0.3)
    assert results.Result("rc").finish(bench.results) == 0
    assert "cannot tell the head" in capsys.readouterr().out
