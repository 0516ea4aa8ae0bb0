"""The other end of `modpkg.pipeline.apart`: runs one task as (mapped) root and reports in JSON lines.

Its job is a file for a fresh process; a copy of the caller's process has the job itself.
"""

from __future__ import annotations

import errno
import gc
import json
import os
import shutil
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from modpkg.errors import ModpkgError, machine_error
from modpkg.events import Event, Sink, event_to_dict
from modpkg.host.run import CommandError
from modpkg.pipeline.error_fields import error_fields

if TYPE_CHECKING:
    from modpkg.model.document import Record

R = TypeVar("R", bound="Record")


def _read(model: type[R], given: Path | Record) -> R:
    if isinstance(given, model):
        return given
    if isinstance(given, Path):
        return model.model_validate_json(given.read_bytes())
    raise TypeError(f"{type(given).__name__} is no {model.__name__}")


# What a task needs is loaded by it: an assembly is to be over before all of a build could be loaded.
def _build(given: Path | Record, sink: Sink) -> dict[str, Any]:
    from modpkg.rootfs.build import build  # noqa: PLC0415 - see above
    from modpkg.rootfs.job import BuildJob  # noqa: PLC0415

    return build(_read(BuildJob, given), sink).model_dump(mode="json")


def _unpack(given: Path | Record, sink: Sink) -> dict[str, Any]:
    from modpkg.pipeline.unpacked import UnpackJob  # noqa: PLC0415 - see above
    from modpkg.squashfs.pack import unpack  # noqa: PLC0415

    job = _read(UnpackJob, given)
    unpack(job.fragment, job.scratch, sink=sink)
    job.directory.parent.mkdir(parents=True, exist_ok=True)
    job.scratch.rename(job.directory)
    return {}


def _assemble(given: Path | Record, sink: Sink) -> dict[str, Any]:
    from modpkg.image.assemble import assemble  # noqa: PLC0415 - see above
    from modpkg.image.job import AssembleJob  # noqa: PLC0415
    from modpkg.initramfs.build import build_initrd  # noqa: PLC0415

    # Lists of paths by the ten thousand, and nothing that goes in circles: looking for what can go costs a tenth.
    gc.disable()
    job = _read(AssembleJob, given)
    return assemble(job, build_initrd=build_initrd, sink=sink).model_dump(mode="json")


def _compare(given: Path | Record, sink: Sink) -> dict[str, Any]:
    from modpkg.pipeline.compare_squashfs import CompareJob, compare  # noqa: PLC0415 - see above

    return compare(_read(CompareJob, given), sink=sink).model_dump(mode="json")


def _site(given: Path | Record, sink: Sink) -> dict[str, Any]:
    from modpkg.image.site_tree import SiteJob, build_site  # noqa: PLC0415 - see above

    return build_site(_read(SiteJob, given), sink).model_dump(mode="json")


TASKS = {
    "assemble": _assemble,
    "build": _build,
    "compare": _compare,
    "site": _site,
    "unpack": _unpack,
}


def main(argv: list[str]) -> int:
    """Run the task `argv[0]` with the job in the file `argv[1]`."""
    return work(argv[0], Path(argv[1]), place=Path(argv[1]).parent)


def work(task: str, given: Path | Record, *, place: Path) -> int:
    """Run a task with its job, or the file that has it, in the directory `place`; give the exit status."""
    # What decides modes and names must not come from who called.
    os.umask(0o022)
    socket.sethostname("modpkg")
    lock = threading.Lock()

    def say(fields: dict[str, Any]) -> None:
        with lock:
            sys.stdout.write(json.dumps(fields) + "\n")
            sys.stdout.flush()

    def sink(event: Event) -> None:
        say(event_to_dict(event))

    try:
        say({"result": TASKS[task](given, sink)})
    except (ModpkgError, OSError) as error:
        refused = machine_error(error) if isinstance(error, OSError) else error
        fault = _full_disk(error, place) or refused
        if fault is None:
            raise
        say({"error": error_fields(fault)})
        return fault.exit_code
    return 0


def _full_disk(error: BaseException, place: Path) -> ModpkgError | None:
    # Programs put it into many words, and much that follows hides it.
    link: BaseException | None = error
    while link is not None:
        words = link.completed.stdout + link.completed.stderr if isinstance(link, CommandError) else ""
        if os.strerror(errno.ENOSPC) in words or (isinstance(link, OSError) and link.errno == errno.ENOSPC):
            free = shutil.disk_usage(place).free
            hint = f"{free:,} bytes are free: make room, or move the store with --store or MODPKG_STORE"
            return ModpkgError("cannot go on: the disk of the store is full", where=str(place), hint=hint)
        link = link.__cause__
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
