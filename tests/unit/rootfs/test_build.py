import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from modpkg.errors import DocumentError, ModpkgError
from modpkg.events import Event, StepFinished, StepStarted, Warned, ignore
from modpkg.formats.canonical import digest_of
from modpkg.host.files import Receipt
from modpkg.model.module import Module
from modpkg.model.platform import Platform
from modpkg.rootfs import build as subject
from modpkg.rootfs.build import build
from modpkg.rootfs.inventory import inventory
from modpkg.rootfs.job import BuildJob, LowerTree
from modpkg.rootfs.normalize import DIRECTORY_TIME
from modpkg.squashfs.pack import Settings
from tests.support.checkout import package
from tests.support.jobs import PLATFORM, make_job
from tests.support.stack import EPOCH, lower, make_module, write_files

CORE = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nmunge:x:103:104::/:/bin/sh\n",
    "etc/group": "root:x:0:\nmunge:x:104:\n",
    "etc/munge/munge.key": "secret",
    "etc/hostname": "builder",
    "usr/bin/slurmd": "slurmd",
    "usr/share/doc/slurmd/README": "read me",
    "usr/share/doc/slurmd/copyright": "free",
}


class Stage:
    """Stands for programs and mounts: what is installed, how the squashfs is read back, what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, str] = dict(CORE)
        self.after: Callable[[Path], object] = str
        self.spoil: Callable[[Path], object] = str
        self.trees: dict[Path, Path] = {}
        self.layers: Sequence[Path] = ()
        self.settings: list[Settings] = []
        self.installed: list[list[str]] = []
        self.settled: list[tuple[Path, int]] = []

    def fill(self, tree: Path) -> None:
        write_files(tree, self.files)
        if "etc/munge/munge.key" in self.files:
            os.chown(tree / "etc/munge", 103, 104)
        self.after(tree)

    def install_core(self, tree: Path, pool: object, *, names: Sequence[str], **_: object) -> None:
        del pool
        self.installed.append(list(names))
        tree.mkdir()
        self.fill(tree)

    def install_delta(self, root: Path, pool: object, *, names: Sequence[str], **_: object) -> None:
        del pool
        self.installed.append(list(names))
        self.fill(root)

    @contextmanager
    def overlay(self, root: Path, *, lower: Sequence[Path], upper: Path, work: Path) -> Iterator[None]:
        assert work.is_dir()
        self.layers = lower
        # What programs see in place of databases: those of the glue.
        shutil.copytree(lower[1], root, dirs_exist_ok=True)
        yield
        for path in list(root.iterdir()):
            path.rename(upper / path.name)

    def settle(self, root: Path, recipe: object, *, folder: Path, epoch: int, sink: object) -> None:
        del recipe, folder, sink
        self.settled.append((root, epoch))

    def pack(self, tree: Path, destination: Path, settings: Settings, *, sink: object) -> Receipt:
        del sink
        self.settings.append(settings)
        copy = shutil.copytree(tree, destination.with_suffix(".copy"), symlinks=True)
        for path in tree.rglob("*"):
            info = path.lstat()
            os.chown(copy / path.relative_to(tree), info.st_uid, info.st_gid, follow_symlinks=False)
        self.trees[destination] = copy
        destination.write_text("squashfs")
        return Receipt(path=destination, size=8, sha256=digest_of(inventory(tree)))

    @contextmanager
    def in_memory(self, target: Path, *, needed: int) -> Iterator[None]:
        assert needed > len("slurmd")
        target.mkdir()
        yield

    def unpack(self, fragment: Path, directory: Path, *, sink: object) -> None:
        del sink
        self.trees[fragment].rename(directory)
        self.spoil(directory)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage = Stage()
    monkeypatch.setattr(subject.debian, "install_core", stage.install_core)
    monkeypatch.setattr(subject.debian, "install_delta", stage.install_delta)
    monkeypatch.setattr(subject.contents, "settle", stage.settle)
    monkeypatch.setattr(subject, "overlay", stage.overlay)
    monkeypatch.setattr(subject, "in_memory", stage.in_memory)
    monkeypatch.setattr(subject, "pack_tree", stage.pack)
    monkeypatch.setattr(subject, "unpack", stage.unpack)
    monkeypatch.setattr(subject, "make_pool", lambda directory, *_, **__: FakePool(directory))
    return stage


class FakePool:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()


ACCOUNTS = {"users": {"munge": 301}, "groups": {"munge": 302}}


def job(tmp_path: Path, **fields: object) -> BuildJob:
    work = tmp_path / "work"
    work.mkdir()
    platform = Platform(**{**PLATFORM, "accounts": ACCOUNTS, "exclude": ("/usr/share/doc/**",)})
    recipe = {"accounts": ("munge",), **fields.pop("recipe", {})}  # type: ignore[dict-item]
    return make_job(work, recipe=recipe, platform=platform, packages=(package("slurmd"),), **fields)


def built(job: BuildJob, events: list[Event] | None = None) -> Module:
    made = build(job, ignore if events is None else events.append)
    assert made.fragment.is_file()
    assert made.changes.is_file()
    return Module.model_validate_json(made.module.read_bytes())


def tree_of(job: BuildJob, module: Module) -> Path:
    return job.trees / module.fragment.sha256


def test_core_is_what_its_packages_leave_without_what_no_module_holds(tmp_path: Path, stage: Stage) -> None:
    order = job(tmp_path)
    module = built(order)
    assert stage.installed == [["slurmd"]]
    files = {path for path, line in module.paths.items() if line.startswith("file ")}
    assert files == {"usr/bin/slurmd"}
    assert module.state.lines["etc/passwd"] == ("root:x:0:0:root:/root:/bin/sh", "munge:x:301:302::/:/bin/sh")


def test_secrets_are_left_out_and_told(tmp_path: Path, stage: Stage) -> None:
    del stage
    events: list[Event] = []
    module = built(job(tmp_path), events)
    warned = [event for event in events if isinstance(event, Warned)]
    assert warned == [
        Warned("slurm: left out /etc/munge/munge.key", "secrets: every node or site makes its own")
    ]
    assert "etc/munge/munge.key" not in module.paths


def test_accounts_have_the_platforms_ids_in_files_too(tmp_path: Path, stage: Stage) -> None:
    del stage
    assert built(job(tmp_path)).paths["etc/munge"] == "dir 0755 301 302"


def test_an_account_that_nobody_declared_ends_the_build(tmp_path: Path, stage: Stage) -> None:
    stage.files["etc/group"] += "rdma:x:105:\n"
    with pytest.raises(DocumentError, match="account 'rdma'"):
        built(job(tmp_path))


def test_a_recipe_may_keep_what_the_platform_leaves_out(tmp_path: Path, stage: Stage) -> None:
    del stage
    module = built(job(tmp_path, recipe={"include": ("/usr/share/doc/*/copyright",)}))
    assert "usr/share/doc/slurmd/copyright" in module.paths
    assert "usr/share/doc/slurmd/README" not in module.paths


def test_a_recipe_may_leave_out_more(tmp_path: Path, stage: Stage) -> None:
    del stage
    module = built(job(tmp_path, recipe={"exclude": ("/usr/bin/*",)}))
    assert "usr/bin/slurmd" not in module.paths


def test_the_steps_are_told(tmp_path: Path, stage: Stage) -> None:
    del stage
    events: list[Event] = []
    built(job(tmp_path), events)
    steps = ["install slurm", "take out slurm", "compress slurm"]
    assert [event.step for event in events if isinstance(event, StepStarted)] == steps
    assert [event.step for event in events if isinstance(event, StepFinished)] == steps


def test_the_fragment_is_packed_as_job_and_platform_say(tmp_path: Path, stage: Stage) -> None:
    module = built(job(tmp_path, level=7))
    assert stage.settings == [Settings(level=7, block_size=131072, time=DIRECTORY_TIME)]
    assert (module.fragment.level, module.fragment.size, module.fragment.compression) == (7, 8, "zstd")
    assert module.fragment.uncompressed_size == len("slurmd")


def test_times_are_the_modules(tmp_path: Path, stage: Stage) -> None:
    del stage
    order = job(tmp_path)
    module = built(order)
    kept = tree_of(order, module)
    assert (kept / "usr").stat().st_mtime == DIRECTORY_TIME
    assert (kept / "usr/bin/slurmd").stat().st_mtime == EPOCH


def test_the_tree_that_was_packed_is_kept_by_its_digest(tmp_path: Path, stage: Stage) -> None:
    del stage
    order = job(tmp_path)
    module = built(order)
    assert inventory(tree_of(order, module)) == module.paths
    assert not (order.work / "upper").exists()


def test_a_tree_that_is_kept_already_stays(tmp_path: Path, stage: Stage) -> None:
    del stage
    order = job(tmp_path)
    module = built(order)
    (tree_of(order, module) / "mark").touch()
    (tmp_path / "again").mkdir()
    assert built(job(tmp_path / "again", trees=order.trees)).fragment == module.fragment
    assert (tree_of(order, module) / "mark").exists()


def lose(tree: Path) -> None:
    (tree / "usr/bin/slurmd").unlink()


def change(tree: Path) -> None:
    (tree / "usr/bin/slurmd").write_text("other")


def reown(tree: Path) -> None:
    os.chown(tree / "usr/bin/slurmd", 5, 5)


def open_up(tree: Path) -> None:
    (tree / "usr/bin/slurmd").chmod(0o777)


def add(tree: Path) -> None:
    (tree / "usr/bin/more").touch()


@pytest.mark.parametrize("spoil", [lose, change, reown, open_up, add])
def test_a_fragment_that_reads_back_otherwise_is_not_trusted(
    tmp_path: Path, stage: Stage, spoil: Callable[[Path], None]
) -> None:
    stage.spoil = spoil
    order = job(tmp_path)
    with pytest.raises(ModpkgError) as caught:
        built(order)
    name = "more" if spoil is add else "slurmd"
    assert f"1 paths read back otherwise than written, the first /usr/bin/{name}: " in caught.value.what
    assert "version of squashfs-tools" in caught.value.hint
    assert not order.trees.exists()


def test_a_path_that_is_lost_is_called_missing(tmp_path: Path, stage: Stage) -> None:
    stage.spoil = lose
    with pytest.raises(ModpkgError, match=r"/usr/bin/slurmd: file 0644 0 0 6 \w+ became missing\n"):
        built(job(tmp_path))


@pytest.fixture
def core(tmp_path: Path) -> LowerTree:
    """Give a lower module with one program."""
    tree = write_files(tmp_path / "core", {"usr/bin/ls": "ls"})
    state = {"lines": {"etc/passwd": ("root:x:0:0:root:/root:/bin/sh",), "etc/group": ("root:x:0:",)}}
    module = make_module("core", paths=inventory(tree), state=state)
    return LowerTree(module=module, tree=tree)


def test_a_module_above_lies_on_policy_glue_and_the_trees_below(
    tmp_path: Path, stage: Stage, core: LowerTree
) -> None:
    order = job(tmp_path, below=(core,))
    module = built(order)
    assert stage.layers == [order.work / "policy", order.work / "glue", core.tree]
    assert module.depends == (lower(core.module),)
    assert stage.settled == [(order.work / "root", EPOCH)]
    assert "etc/passwd" in {
        path.relative_to(order.work / "glue").as_posix() for path in (order.work / "glue").rglob("*")
    }


def test_the_nearest_module_lies_on_top(tmp_path: Path, stage: Stage, core: LowerTree) -> None:
    tree = write_files(tmp_path / "kernel", {"boot/vmlinuz": "k"})
    kernel = make_module("kernel", paths=inventory(tree))
    above = LowerTree(module=kernel, tree=tree)
    built(job(tmp_path, below=(core, above)))
    assert list(stage.layers[2:]) == [tree, core.tree]


def test_a_module_above_has_only_what_it_adds(tmp_path: Path, stage: Stage, core: LowerTree) -> None:
    stage.files["usr/bin/ls"] = "ls"
    module = built(job(tmp_path, below=(core,)))
    assert "usr/bin/ls" not in module.paths
    assert "usr/bin/slurmd" in module.paths
    assert module.state.lines["etc/passwd"] == ("munge:x:301:302::/:/bin/sh",)


def test_a_changed_file_of_a_lower_module_ends_the_build(
    tmp_path: Path, stage: Stage, core: LowerTree
) -> None:
    stage.files["usr/bin/ls"] = "better"
    with pytest.raises(DocumentError, match="changes /usr/bin/ls of module 'core'"):
        built(job(tmp_path, below=(core,)))


def test_a_change_that_the_recipe_declares_is_in_the_module(
    tmp_path: Path, stage: Stage, core: LowerTree
) -> None:
    stage.files["usr/bin/ls"] = "better"
    module = built(job(tmp_path, below=(core,), recipe={"replaces": ("/usr/bin/ls",)}))
    assert "usr/bin/ls" in module.paths
    assert module.replaces == ("/usr/bin/ls",)


def test_a_removed_file_of_a_lower_module_ends_the_build(
    tmp_path: Path, stage: Stage, core: LowerTree
) -> None:
    stage.after = lambda tree: os.mknod(tree / "usr/bin/ls", stat.S_IFCHR, 0)
    with pytest.raises(DocumentError, match="removes /usr/bin/ls of module 'core'"):
        built(job(tmp_path, below=(core,)))


def test_marks_of_the_overlay_do_not_reach_the_fragment(
    tmp_path: Path, stage: Stage, core: LowerTree
) -> None:
    stage.after = lambda tree: os.setxattr(tree / "usr/bin", "trusted.overlay.impure", b"y")
    module = built(job(tmp_path, below=(core,)))
    assert not any("trusted" in line for line in module.paths.values())


def test_a_module_without_packages_installs_nothing(tmp_path: Path, stage: Stage, core: LowerTree) -> None:
    (tmp_path / "work").mkdir()
    recipe = {"contents": ({"dst": "/srv/data", "type": "dir"},)}
    module = built(make_job(tmp_path / "work", recipe=recipe, below=(core,)))
    assert stage.installed == []
    assert {path for path in module.paths if path != "etc"} == {"srv", "srv/data"}
    assert module.state.lines == {}
