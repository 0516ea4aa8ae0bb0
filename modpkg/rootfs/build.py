"""Builds one module: packages in, fragment and module.json out. Runs inside the namespaces of a build."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.events import Sink, Warned
from modpkg.host.files import remove_tree
from modpkg.host.mounts import in_memory, overlay
from modpkg.host.run import CommandError, run
from modpkg.host.steps import step
from modpkg.model.module import Fragment
from modpkg.rootfs import contents, debian, delta
from modpkg.rootfs.changelogs import newest_changes
from modpkg.rootfs.generated import choose
from modpkg.rootfs.generated.run import drop_generated, run_generators
from modpkg.rootfs.inventory import inventory, lines_of, memory_size, paths_of, uncompressed_size
from modpkg.rootfs.job import BuildJob, Built
from modpkg.rootfs.kernel import kernel_release, prune_drivers
from modpkg.rootfs.normalize import DIRECTORY_TIME, set_times, strip_attributes
from modpkg.rootfs.pool import Pool, make_pool
from modpkg.rootfs.prune import prune
from modpkg.rootfs.record import module_of
from modpkg.rootfs.renumber import Registry, renumber
from modpkg.rootfs.script_errors import install_error
from modpkg.rootfs.state.drop import drop, remove_secrets
from modpkg.rootfs.state.merge import merge_states
from modpkg.rootfs.state.take import take_state
from modpkg.squashfs.pack import Settings, pack_tree, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.model.module import Module, State

FRAGMENT: Final = "fragment.squashfs"


def build(job: BuildJob, sink: Sink) -> Built:
    """Build the module of `job` in its work directory and give what to keep."""
    below = [lower.module for lower in job.below]
    with step(f"install {job.recipe.name}", sink):
        upper = _install(job, below, sink)
    with step(f"take out {job.recipe.name}", sink):
        changes = newest_changes(upper, (package.name for package in job.packages))
        kernel = _choose(job, upper, below, sink)
        state = _take_state(job, upper, below)
        paths = _generate(job, upper, below, _take_files(job, upper, below), sink)
        set_times(upper, source_date_epoch=job.source_date_epoch)
    with step(f"compress {job.recipe.name}", sink):
        fragment = _pack(job, upper, paths, sink)
    _keep_tree(job, upper, fragment.sha256)
    module = module_of(job, below, fragment=fragment, state=state, paths=paths, kernel=kernel)
    built = Built(
        fragment=job.work / FRAGMENT, module=job.work / "module.json", changes=job.work / "packages.changelog"
    )
    built.module.write_text(module.model_dump_json(), encoding="utf-8")
    built.changes.write_text(changes, encoding="utf-8")
    return built


def _keep_tree(job: BuildJob, upper: Path, sha256: str) -> None:
    # What was packed, which is what was read back: writing it to the disk again would cost a tenth of a build.
    # Here and not by the caller: only inside are the files' owners allowed to move them.
    target = job.trees / sha256
    job.trees.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        upper.rename(target)


def _install(job: BuildJob, below: list[Module], sink: Sink) -> Path:
    pool = make_pool(job.work / "pool", job.packages, files=job.files, suite=job.platform.suite)
    upper = job.work / "upper"
    if not below:
        names = [package.name for package in job.packages]
        suite, epoch = job.platform.suite, job.source_date_epoch
        with _naming(job):
            debian.install_core(upper, pool, names=names, suite=suite, epoch=epoch, sink=sink)
        _add(job, upper, sink)
    else:
        _install_above(job, upper, pool, below, sink)
    remove_tree(pool.directory)
    return upper


def _install_above(job: BuildJob, upper: Path, pool: Pool, below: list[Module], sink: Sink) -> None:
    glue, policy, root, scratch = (job.work / name for name in ("glue", "policy", "root", "overlay"))
    glue.mkdir()
    merge_states(below, glue)
    debian.write_policy(policy)
    upper.mkdir()
    scratch.mkdir()
    lower = [policy, glue, *(lower.tree for lower in reversed(job.below))]
    root.mkdir()
    with overlay(root, lower=lower, upper=upper, work=scratch):
        if job.packages:
            names = [package.name for package in job.packages]
            epoch, work = job.source_date_epoch, job.work / "apt"
            with _naming(job):
                debian.install_delta(root, pool, names=names, epoch=epoch, work=work, sink=sink)
        _add(job, root, sink)
    root.rmdir()


@contextmanager
def _naming(job: BuildJob) -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise install_error(job.recipe.name, error, recipe=str(job.recipe_path)) from error


def _add(job: BuildJob, root: Path, sink: Sink) -> None:
    contents.add_contents(root, job.recipe, folder=job.folder)
    contents.settle(root, job.recipe, folder=job.folder, epoch=job.source_date_epoch, sink=sink)


def _choose(job: BuildJob, upper: Path, below: list[Module], sink: Sink) -> str | None:
    delta.check_layers(upper, below, replaces=job.recipe.replaces, recipe=str(job.recipe_path))
    if secrets := remove_secrets(upper):
        paths = ", ".join(f"/{path}" for path in secrets)
        sink(Warned(f"{job.recipe.name}: left out {paths}", hint="secrets: every node or site makes its own"))
    release = kernel_release(upper)
    if release:
        # Package scripts may or may not have run depmod; the choice below needs its word.
        run(["depmod", "--basedir", upper / "usr", release], sink=sink)
        prune_drivers(upper, release, exclude=job.recipe.kernel_modules)
    return release


def _take_state(job: BuildJob, upper: Path, below: list[Module]) -> State:
    registry = Registry(
        recipe_path=str(job.recipe_path),
        declared=job.recipe.accounts,
        platform_path=str(job.platform_path),
        accounts=job.platform.accounts,
    )
    renumber(upper, below=job.work / "glue" if below else None, registry=registry)
    state = take_state(upper, below)
    drop(upper)
    return state


def _take_files(job: BuildJob, upper: Path, below: list[Module]) -> dict[str, str]:
    prune(
        upper,
        exclude=(*job.platform.exclude, *job.recipe.exclude),
        include=(*job.platform.include, *job.recipe.include),
    )
    dropped = drop_generated(upper, keep=choose.left_in(paths_of(upper), below))
    contents.refuse_generated(job.recipe, dropped, where=str(job.recipe_path))
    strip_attributes(upper)
    debian.drop_foreign_records(upper, names=[package.name for package in job.packages])
    return delta.take_delta(upper, below, replaces=job.recipe.replaces, recipe=str(job.recipe_path))


def _generate(
    job: BuildJob, upper: Path, below: list[Module], paths: dict[str, str], sink: Sink
) -> dict[str, str]:
    # Made now, these files need not be made at each assembly: no other module has a part in them.
    commands = choose.at_build(paths, below)
    lower = [lower.tree for lower in reversed(job.below)]
    made = run_generators(upper, lower=lower, commands=commands, work=job.work / "generate", sink=sink)
    return dict(sorted({**paths, **lines_of(upper, made)}.items()))


def _pack(job: BuildJob, upper: Path, paths: dict[str, str], sink: Sink) -> Fragment:
    target, place = job.work / FRAGMENT, job.work / "read-back"
    block_size = job.platform.squashfs.block_size
    settings = Settings(level=job.level, block_size=block_size, time=DIRECTORY_TIME)
    receipt = pack_tree(upper, target, settings, sink=sink)
    with in_memory(place, needed=memory_size(paths)):
        unpack(target, place / "tree", sink=sink)
        _compare(paths, inventory(place / "tree"))
    return Fragment(
        sha256=receipt.sha256,
        size=receipt.size,
        uncompressed_size=uncompressed_size(paths),
        compression=job.platform.squashfs.compression,
        level=job.level,
        block_size=block_size,
    )


def _compare(written: dict[str, str], read: dict[str, str]) -> None:
    # mksquashfs was seen to write a fragment that nobody could read, and to end with status 0.
    differing = sorted({path for path, _ in written.items() ^ read.items()})
    if differing:
        path = differing[0]
        raise ModpkgError(
            f"cannot trust the fragment: {len(differing)} paths read back otherwise than written, the first /{path}: "
            f"{written.get(path, 'missing')} became {read.get(path, 'missing')}",
            hint="build again; if it stays, report it with the version of squashfs-tools",
        )
