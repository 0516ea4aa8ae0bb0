"""The other end of `modpkg.pipeline.apart`: runs one task as (mapped) root and reports in JSON lines."""

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
from typing import Any

from modpkg.errors import ModpkgError, machine_error
from modpkg.events import Event, Sink, event_to_dict
from modpkg.host.run import CommandError
from modpkg.pipeline.error_fields import error_fields


# What a task needs is loaded by it: an assembly is to be over before all of a build could be loaded.
def _build(path: Path, sink: Sink) -> dict[str, Any]:
    from modpkg.rootfs.build import build  # noqa: PLC0415 - see above
    from modpkg.rootfs.job import BuildJob  # noqa: PLC0415

    job = BuildJob.model_validate_json(path.read_bytes())
    return build(job, sink).model_dump(mode="json")


def _unpack(path: Path, sink: Sink) -> dict[str, Any]:
    from modpkg.pipeline.unpacked import UnpackJob  # noqa: PLC0415 - see above
    from modpkg.squashfs.pack import unpack  # noqa: PLC0415

    job = UnpackJob.model_validate_json(path.read_bytes())
    unpack(job.fragment, job.scratch, sink=sink)
    job.directory.parent.mkdir(parents=True, exist_ok=True)
    job.scratch.rename(job.directory)
    return {}


def _assemble(path: Path, sink: Sink) -> dict[str, Any]:
    from modpkg.image.assemble import assemble  # noqa: PLC0415 - see above
    from modpkg.image.job import AssembleJob  # noqa: PLC0415
    from modpkg.initramfs.build import build_initrd  # noqa: PLC0415

    # Lists of paths by the ten thousand, and nothing that goes in circles: looking for what can go costs a tenth.
    gc.disable()
    job = AssembleJob.model_validate_json(path.read_bytes())
    return assemble(job, build_initrd=build_initrd, sink=sink).model_dump(mode="json")


def _compare(path: Path, sink: Sink) -> dict[str, Any]:
    from modpkg.pipeline.compare_squashfs import CompareJob, compare  # noqa: PLC0415 - see above

    job = CompareJob.model_validate_json(path.read_bytes())
    return compare(job, sink=sink).model_dump(mode="json")


def _site(path: Path, sink: Sink) -> dict[str, Any]:
    from modpkg.image.site_tree import SiteJob, build_site  # noqa: PLC0415 - see above

    job = SiteJob.model_validate_json(path.read_bytes())
    return build_site(job, sink).model_dump(mode="json")


TASKS = {
    "assemble": _assemble,
    "build": _build,
    "compare": _compare,
    "site": _site,
    "unpack": _unpack,
}


def main(argv: list[str]) -> int:
    """Run the task `argv[0]` with the job in the file `argv[1]`."""
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

    job = Path(argv[1])
    try:
        say({"result": TASKS[argv[0]](job, sink)})
    except (ModpkgError, OSError) as error:
        refused = machine_error(error) if isinstance(error, OSError) else error
        fault = _full_disk(error, job.parent) or refused
        if fault is None:
            raise
        say({"error": error_fields(fault)})
        return fault.exit_code
    return 0


def _full_disk(error: BaseException, work: Path) -> ModpkgError | None:
    # Programs put it into many words, and much that follows hides it.
    link: BaseException | None = error
    while link is not None:
        words = link.completed.stdout + link.completed.stderr if isinstance(link, CommandError) else ""
        if os.strerror(errno.ENOSPC) in words or (isinstance(link, OSError) and link.errno == errno.ENOSPC):
            free = shutil.disk_usage(work).free
            hint = f"{free:,} bytes are free: make room, or move the store with --store or MODPKG_STORE"
            return ModpkgError("cannot go on: the disk of the store is full", where=str(work), hint=hint)
        link = link.__cause__
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
