"""Stands for the worker that builds in namespaces: leaves what a build leaves, and remembers its jobs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from modpkg.image.job import Assembled, AssembleJob
from modpkg.image.site_tree import SiteBuilt, SiteJob
from modpkg.model.module import Fragment, State
from modpkg.pipeline.unpacked import UnpackJob
from modpkg.rootfs.job import BuildJob, Built
from modpkg.rootfs.record import module_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from modpkg.events import Sink
    from modpkg.model.document import Record
    from modpkg.model.lock import PlatformLock
    from modpkg.store.store import Store


@dataclass(slots=True)
class FakeWorker:
    """Takes the place of `modpkg.pipeline.apart.call`."""

    builds: list[BuildJob] = field(default_factory=list)
    unpacked: list[UnpackJob] = field(default_factory=list)
    assembled: list[AssembleJob] = field(default_factory=list)
    sites: list[SiteJob] = field(default_factory=list)
    modes: list[str] = field(default_factory=list)
    error: Exception | None = None

    @classmethod
    def installed(cls, monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
        """Put a worker in the place of the real one."""
        worker = cls()
        for name in ("make_module", "unpacked", "build_image"):
            monkeypatch.setattr(f"modpkg.pipeline.{name}.call", worker)
        return worker

    @property
    def built(self) -> list[str]:
        """The names of the modules built so far."""
        return [job.recipe.name for job in self.builds]

    def __call__(self, task: str, job: Record, *, mode: str, work: Path, sink: Sink) -> dict[str, Any]:
        del sink
        if self.error:
            raise self.error
        self.modes.append(mode)
        if isinstance(job, UnpackJob):
            assert task == "unpack"
            self.unpacked.append(job)
            job.scratch.mkdir()
            job.directory.parent.mkdir(parents=True, exist_ok=True)
            job.scratch.rename(job.directory)
            return {}
        if isinstance(job, AssembleJob):
            assert task == "assemble"
            self.assembled.append(job)
            return _assemble(job).model_dump(mode="json")
        if isinstance(job, SiteJob):
            assert task == "site"
            self.sites.append(job)
            file = job.work / "site.squashfs"
            file.write_text(f"site {job.layer.mark.fingerprint}")
            return SiteBuilt(file=file).model_dump(mode="json")
        assert task == "build"
        assert isinstance(job, BuildJob)
        assert job.work == work
        assert all(path.is_file() for path in job.files.values())
        assert all(lower.tree.is_dir() for lower in job.below)
        self.builds.append(job)
        return _leave(job).model_dump(mode="json")


def _leave(job: BuildJob) -> Built:
    content = f"hsqs {job.recipe.name} {job.inputs} {job.level}".encode()
    fragment = Fragment(
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        uncompressed_size=1000,
        compression="zstd",
        level=job.level,
        block_size=131072,
    )
    below = [lower.module for lower in job.below]
    kernel = "6.1.0" if job.recipe.name == "kernel" else None
    module = module_of(job, below, fragment=fragment, state=State(), paths={}, kernel=kernel)
    built = Built(fragment=job.work / "f", module=job.work / "m", changes=job.work / "c")
    built.fragment.write_bytes(content)
    built.module.write_text(module.model_dump_json())
    built.changes.write_text(f"{job.recipe.name} changed\n")
    return built


def _assemble(job: AssembleJob) -> Assembled:
    files = {name: job.work / name for name in ("vmlinuz", "initrd", "root.squashfs")}
    for name, path in files.items():
        path.write_text(f"{name} of {job.image.version}")
    return Assembled(files=files, kernel="6.1.0")


def stock(store: Store, lock: PlatformLock) -> None:
    """Put the packages of a lock into the store; their content is what `checkout.package` made their digest of."""
    for packages in lock.modules.values():
        for one in packages:
            with store.scratch() as scratch:
                (scratch / "deb").write_text(f"{one.name} {one.version}")
                store.add(scratch / "deb", sha256=one.sha256)
