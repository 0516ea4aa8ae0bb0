"""Images of real, small modules: what dpkg, ldconfig and unsquashfs say of them, and that their bits are equal."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import ignore
from modpkg.host.files import digest_file
from modpkg.host.mounts import mounted, overlay
from modpkg.host.namespaces import enter
from modpkg.host.run import run
from modpkg.image.identity import image_of
from modpkg.image.job import Assembled, AssembleJob, Layer, Ways
from modpkg.model.module import Module
from modpkg.pipeline.apart import call
from modpkg.rootfs.generated.choose import at_assembly
from modpkg.rootfs.inventory import inventory
from modpkg.rootfs.normalize import DIRECTORY_TIME
from modpkg.squashfs.pack import Settings, pack_tree, unpack
from tests.support.small_stack import NAMES, RELEASE
from tests.support.stack import EPOCH

pytestmark = pytest.mark.programs
CHECKOUT = Path(__file__).resolve().parents[3]


def job_of(stack: Path, work: Path, names: tuple[str, ...] = NAMES, **fields: Any) -> AssembleJob:
    modules = [Module.model_validate_json((stack / f"{name}.json").read_bytes()) for name in names]
    work.mkdir()
    layers = tuple(Layer(module=one, fragment=stack / f"{one.name}.squashfs") for one in modules)
    known = {"layers": layers, "commands": at_assembly(modules), "image": image_of(modules), "work": work}
    known |= {"level": 1, "block_size": 131072}
    return AssembleJob(**{**known, **fields})


def over_trees(stack: Path, work: Path, names: tuple[str, ...] = NAMES, **trees: Path) -> AssembleJob:
    """Give a job that compresses the stacked trees again."""
    job = job_of(stack, work, names, ways=Ways(merge="recompress"))
    found = [trees.get(name, stack / name) for name in names]
    layers = [layer.model_copy(update={"tree": tree}) for layer, tree in zip(job.layers, found, strict=True)]
    return job.model_copy(update={"layers": tuple(layers)})


def assembled(job: AssembleJob) -> Assembled:
    result = call("assemble", job, mode="root", work=job.work.parent, sink=ignore)
    return Assembled.model_validate(result)


@pytest.fixture(scope="module")
def image(stack: Path, tmp_path_factory: pytest.TempPathFactory) -> Assembled:
    return assembled(job_of(stack, tmp_path_factory.mktemp("image") / "work"))


@pytest.fixture(scope="module")
def recompressed(stack: Path, tmp_path_factory: pytest.TempPathFactory) -> Assembled:
    return assembled(over_trees(stack, tmp_path_factory.mktemp("again") / "work"))


@pytest.fixture(scope="module")
def tree(image: Assembled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the image's root, read back."""
    directory = tmp_path_factory.mktemp("read") / "tree"
    unpack(image.files["root.squashfs"], directory)
    return directory


def test_an_assembly_leaves_its_files_and_nothing_else(image: Assembled) -> None:
    assert sorted(image.files) == ["initrd", "root.squashfs", "vmlinuz"]
    work = image.files["vmlinuz"].parent
    assert sorted(path.name for path in work.iterdir()) == ["initrd", "root.squashfs", "vmlinuz"]
    assert image.files["vmlinuz"].read_text() == "a kernel"
    assert image.kernel == RELEASE


def test_what_is_known_of_files_is_what_they_are(image: Assembled, recompressed: Assembled) -> None:
    for made in (image, recompressed):
        assert made.known.keys() == made.files.keys()
        for name, path in made.files.items():
            assert (made.known[name].size, made.known[name].sha256) == (
                path.stat().st_size,
                digest_file(path),
            )


def test_dpkg_finds_every_package_of_every_module_and_no_fault(tree: Path) -> None:
    audit = run(["dpkg", f"--root={tree}", "--audit"])
    assert (audit.stdout, audit.stderr) == ("", "")
    shown = run(["dpkg-query", f"--root={tree}", "--show", "--showformat=${db:Status-Abbrev}${Package}\n"])
    assert shown.stdout.split("\n")[:-1] == [
        "ii base-files",
        "ii gawk",
        "ii libbase",
        "ii linux-image",
        "ii munge",
    ]


def test_dpkg_verifies_all_files_but_the_name_of_the_image_and_the_kernel_beside_it(tree: Path) -> None:
    verified = run(["dpkg", f"--root={tree}", "--verify"], check=False)
    differing = {line.split()[-1] for line in verified.stdout.splitlines()}
    assert differing == {"/usr/lib/os-release", f"/boot/vmlinuz-{RELEASE}"}


def test_accounts_of_all_modules_are_there(tree: Path) -> None:
    assert (tree / "etc/passwd").read_text().splitlines()[1].startswith("munge:x:301:301:")
    assert (tree / "etc/group").read_text() == (
        "root:x:0:\nshadow:x:42:\nvideo:x:44:munge\nmunge:x:301:\nnogroup:x:65534:\n"
    )
    shadow = (tree / "etc/shadow").stat()
    assert (shadow.st_mode & 0o777, shadow.st_uid, shadow.st_gid) == (0o640, 0, 42)
    assert (tree / "var/lib/munge").stat().st_uid == 301
    for program in ("pwck", "grpck"):
        checked = run([program, "--read-only", "--root", tree], check=False)
        assert "invalid" not in checked.stdout + checked.stderr


def test_update_alternatives_agrees_with_the_links(tree: Path) -> None:
    command = ["update-alternatives", "--root", tree, "--log", "/dev/null", "--query", "awk"]
    lines = run(command).stdout.splitlines()
    assert "Status: auto" in lines
    assert "Best: /usr/bin/gawk" in lines
    assert "Value: /usr/bin/gawk" in lines
    assert str((tree / "etc/alternatives/awk").readlink()) == "/usr/bin/gawk"


def test_diversions_and_overrides_are_read_by_dpkg(tree: Path) -> None:
    assert run(["dpkg-divert", "--root", tree, "--truename", "/usr/bin/x"]).stdout == "/usr/bin/x.distrib\n"
    listed = run(["dpkg-statoverride", "--root", tree, "--list", "/var/lib/munge"]).stdout
    assert listed == "#301 #301 700 /var/lib/munge\n"


def test_the_cache_of_libraries_is_that_of_all_modules(tree: Path) -> None:
    cached = run(["ldconfig", "-r", tree, "-p"]).stdout
    assert "/usr/lib/extra/libc.so.6" in cached
    assert not (tree / "var/cache/ldconfig/aux-cache").exists()


def test_depmod_ran_for_the_kernel(tree: Path) -> None:
    assert (tree / f"usr/lib/modules/{RELEASE}/modules.dep").is_file()


def test_the_image_says_what_it_is(tree: Path) -> None:
    image: dict[str, Any] = json.loads((tree / "usr/lib/modpkg/image.json").read_text())
    assert [module["name"] for module in image["modules"]] == list(NAMES)
    assert f'IMAGE_VERSION="{image["version"]}"' in (tree / "usr/lib/os-release").read_text()
    packages = (tree / "usr/share/doc/modpkg-image/packages").read_text()
    assert "gawk        1:5.2-1 amd64 tools\n" in packages
    assert "slurm 12.0.0-1: The slurm module" in (tree / "usr/share/doc/modpkg-image/changelog").read_text()
    assert (tree / "etc/machine-id").stat().st_size == 0


def test_units_that_wait_for_an_update_do_not_run(tree: Path) -> None:
    for name in ("etc", "var"):
        assert (tree / name / ".updated").stat().st_mtime > (tree / "usr").stat().st_mtime


def test_every_time_is_one_of_two(tree: Path) -> None:
    wrong = [
        path
        for path in (tree, *tree.rglob("*"))
        if path.lstat().st_mtime != (DIRECTORY_TIME if path.is_dir() and not path.is_symlink() else EPOCH)
    ]
    assert wrong == []


def test_links_capabilities_and_setuid_survive(tree: Path) -> None:
    gawk = (tree / "usr/bin/gawk").stat()
    assert gawk.st_mode & 0o7777 == 0o4755
    assert gawk.st_ino == (tree / "usr/bin/gawk-5.2").stat().st_ino
    assert "security.capability" in os.listxattr(tree / "usr/bin/able")


def test_directories_new_in_two_modules_hold_the_files_of_both(tree: Path) -> None:
    found = {path.name for path in (tree / "usr/lib/python3/dist-packages").glob("*/*")}
    assert found == {"one.py", "two.py"}


def test_the_image_is_what_an_overlay_of_its_fragments_shows(stack: Path, tree: Path) -> None:
    modules = [Module.model_validate_json((stack / f"{name}.json").read_bytes()) for name in NAMES]
    lines = {path: line for module in modules for path, line in module.paths.items()}
    found = inventory(tree)
    assert lines.keys() - found.keys() == {f"boot/vmlinuz-{RELEASE}"}
    changed = {path for path, line in lines.items() if found.get(path, line) != line}
    assert changed == {"usr/lib/os-release"}


def digests(files: dict[str, Path]) -> dict[str, str]:
    return {name: digest_file(path) for name, path in files.items()}


def test_equal_modules_make_equal_bits(stack: Path, image: Assembled, tmp_path: Path) -> None:
    names = ("tools", "core", "slurm", "kernel")
    job = job_of(stack, tmp_path / "work", names)
    moved = tmp_path / "elsewhere"
    run(["cp", stack / "tools.squashfs", moved])
    layers = (job.layers[0].model_copy(update={"fragment": moved}), *job.layers[1:])
    assert digests(in_other_surroundings(job.model_copy(update={"layers": layers}))) == digests(image.files)


def test_equal_modules_make_equal_bits_when_they_are_compressed_again(
    stack: Path, recompressed: Assembled, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    run(["cp", "--archive", stack / "tools", moved])
    job = over_trees(stack, tmp_path / "work", ("tools", "core", "slurm", "kernel"), tools=moved)
    assert digests(in_other_surroundings(job)) == digests(recompressed.files)


def in_other_surroundings(job: AssembleJob) -> dict[str, Path]:
    before = os.umask(0o077), os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before[1])})
        return assembled(job).files
    finally:
        os.umask(before[0])
        os.sched_setaffinity(0, before[1])


def test_a_user_namespace_makes_the_same_bits(stack: Path, image: Assembled, tmp_path: Path) -> None:
    assert digests(by_a_mapped_user(job_of(stack, tmp_path / "work"), tmp_path)) == digests(image.files)


def test_a_user_namespace_compresses_to_the_same_bits(
    stack: Path, recompressed: Assembled, tmp_path: Path
) -> None:
    job = over_trees(stack, tmp_path / "work")
    assert digests(by_a_mapped_user(job, tmp_path)) == digests(recompressed.files)


def by_a_mapped_user(job: AssembleJob, place: Path) -> dict[str, Path]:
    path = place / "job.json"
    path.write_text(job.model_dump_json())
    # Root stays root in it, but overlay, mounts and devices behave as for any mapped user.
    mapped = [sys.executable, "-m", "tests.support.user_namespace", *enter("root")]
    command = [*mapped, sys.executable, "-m", "modpkg.pipeline.worker", "assemble", path]
    lines = run(command, env={"PYTHONPATH": str(CHECKOUT)}).stdout.splitlines()
    return Assembled.model_validate(json.loads(lines[-1])["result"]).files


def test_both_ways_show_the_same_tree(image: Assembled, recompressed: Assembled, tmp_path: Path) -> None:
    shown = {}
    for name, made in (("spliced", image), ("recompressed", recompressed)):
        root = made.files["root.squashfs"]
        unpack(root, tmp_path / f"{name} by unsquashfs")
        shown[f"{name} by unsquashfs"] = whole(tmp_path / f"{name} by unsquashfs")
        with mounted(root, tmp_path / name, kind="squashfs", options="ro,loop"):
            shown[f"{name} by the kernel"] = whole(tmp_path / name)
    first, *others = shown
    assert len(shown[first]) > 50
    for other in others:
        assert shown[other] == shown[first], other


def whole(tree: Path) -> dict[str, tuple[str, float]]:
    """Give all that an inventory says of each path, and its time."""
    return {path: (line, (tree / path).lstat().st_mtime) for path, line in inventory(tree).items()}


def test_kernel_and_initrd_do_not_depend_on_the_way(image: Assembled, recompressed: Assembled) -> None:
    for name in ("vmlinuz", "initrd"):
        assert image.files[name].read_bytes() == recompressed.files[name].read_bytes()


def test_a_full_read_back_finds_no_fault(stack: Path, image: Assembled, tmp_path: Path) -> None:
    files = assembled(job_of(stack, tmp_path / "work", ways=Ways(verify="full"))).files
    assert digests(files) == digests(image.files)
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == sorted(files)


def test_layers_stacked_by_the_kernel_show_what_the_flat_image_does(
    stack: Path, tree: Path, tmp_path: Path
) -> None:
    made = assembled(job_of(stack, tmp_path / "work", layout="layered"))
    assert sorted(made.files) == ["04-glue.squashfs", "initrd", "vmlinuz"]
    assert made.layers == (
        *("00-core.squashfs", "01-kernel.squashfs", "02-slurm.squashfs", "03-tools.squashfs"),
        "04-glue.squashfs",
    )
    fragments = [stack / f"{name}.squashfs" for name in NAMES] + [made.files["04-glue.squashfs"]]
    with ExitStack() as mounts:
        places = [tmp_path / fragment.name for fragment in fragments]
        for fragment, place in zip(fragments, places, strict=True):
            mounts.enter_context(mounted(fragment, place, kind="squashfs", options="ro,loop"))
        mounts.enter_context(overlay(tmp_path / "stacked", lower=places[::-1]))
        stacked = whole(tmp_path / "stacked")
    kernel = f"boot/vmlinuz-{RELEASE}"
    assert stacked.pop(kernel)
    assert stacked == whole(tree)


def test_a_directory_that_hides_those_below_it_is_found_out(stack: Path, tmp_path: Path) -> None:
    marked = tmp_path / "tools"
    run(["cp", "--archive", stack / "tools", marked])
    os.setxattr(marked / "usr/lib/python3", "trusted.overlay.opaque", b"y")
    with pytest.raises(ModpkgError, match="paths are hidden") as raised:
        assembled(over_trees(stack, tmp_path / "work", tools=marked))
    assert "usr/lib/python3/dist-packages/munge/one.py" in raised.value.what


def test_a_generator_that_writes_what_no_rule_knows_is_refused(stack: Path, tmp_path: Path) -> None:
    odd = tmp_path / "core"
    run(["cp", "--archive", stack / "core", odd])
    (odd / "usr/bin/ldconfig").write_text("#!/usr/bin/busybox sh\necho > /etc/surprise\n")
    with pytest.raises(ModpkgError, match="wrote /etc/surprise, which no rule knows"):
        assembled(over_trees(stack, tmp_path / "work", core=odd))


def test_an_ldconfig_that_needs_more_than_itself_is_not_run_apart(stack: Path, tmp_path: Path) -> None:
    odd, fragment = tmp_path / "core", tmp_path / "core.squashfs"
    run(["cp", "--archive", stack / "core", odd])
    (odd / "usr/bin/ldconfig").write_text("#!/bin/sh\n")
    pack_tree(odd, fragment, Settings(level=1, block_size=131072, time=DIRECTORY_TIME))
    job = job_of(stack, tmp_path / "work")
    layers = (job.layers[0].model_copy(update={"fragment": fragment}), *job.layers[1:])
    with pytest.raises(ModpkgError, match="it is not a static program") as raised:
        assembled(job.model_copy(update={"layers": layers}))
    assert "--merge recompress" in raised.value.hint


def test_an_image_needs_a_kernel(stack: Path, tmp_path: Path) -> None:
    with pytest.raises(ModpkgError, match="without a kernel") as raised:
        assembled(job_of(stack, tmp_path / "work", ("core", "tools")))
    assert raised.value.hint == "add the module kernel to the manifest"
