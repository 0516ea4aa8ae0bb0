"""Boots an image in a virtual machine and tells how it went.

The node fetches its image by HTTP from this process, as it would from a head node. Nothing of the image is
changed, and the machine is gone when the boot ends, however it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Sink, ignore
from modpkg.formats.canonical import read_record
from modpkg.formats.words import closest
from modpkg.host.files import digest_file, write_atomically
from modpkg.model.image import ImageDirectory
from modpkg.node.check import check_script
from modpkg.node.machine import HOST_IN_GUEST, Ended, Machine, run_machine
from modpkg.node.report import BootReport, make_report, parse_answers, parse_stages, unanswered
from modpkg.node.serve import serving

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BOOTED_FILES: Final = ("initrd", "vmlinuz")
TAIL_LINES: Final = 25


# What a kernel and its initrd need to say anything at all, and what QEMU's machines take at most.
LEAST_MEMORY_MB: Final = 128
MOST_MEMORY_MB: Final = 1 << 20
MOST_CPUS: Final = 255
MOST_SECONDS: Final = 86_400
ACCELERATORS: Final = ("kvm", "tcg")


@dataclass(frozen=True, slots=True, kw_only=True)
class BootOptions:
    """The machine, and how long it may take until every test has run.

    `accel` is QEMU's: "tcg" works everywhere. `arguments` are added to the kernel's.
    """

    memory_mb: int = 2048
    cpus: int = 2
    timeout_seconds: float = 300
    accel: str = "tcg"
    arguments: tuple[str, ...] = ()


def require_possible(options: BootOptions) -> None:
    """Raise BadInputError for a machine that QEMU has not, before anything is done for it."""
    for name, number, least, most in (
        ("--memory-mb", options.memory_mb, LEAST_MEMORY_MB, MOST_MEMORY_MB),
        ("--cpus", options.cpus, 1, MOST_CPUS),
        ("--timeout", options.timeout_seconds, 1, MOST_SECONDS),
    ):
        if not least <= number <= most:
            raise BadInputError(
                f"cannot boot with {number}", where=name, hint=f"give a number from {least} to {most}"
            )
    if options.accel not in ACCELERATORS:
        hint = closest(options.accel, ACCELERATORS)
        raise BadInputError(f"cannot boot with {options.accel!r}", where="--accel", hint=hint)


def boot_image(image: Path, *, options: BootOptions, work: Path, sink: Sink = ignore) -> BootReport:
    """Boot the image directory `image` to multi-user, run its modules' tests there and report.

    Files of the boot lie in `work`: console.log, answers.log, check.sh. Raises ModpkgError with the end of
    the console if the node does not answer all it is asked.
    """
    about = read_image(image)
    check = write_atomically(work / "check.sh", check_script(about.tests))
    console = work / "console.log"
    served = {name: image / name for name in about.fetched_files}
    with serving({**served, "check.sh": check.path}) as server:
        address = f"http://{HOST_IN_GUEST}:{server.port}"
        machine = Machine(
            architecture=about.image.architecture,
            memory_mb=options.memory_mb,
            cpus=options.cpus,
            accel=options.accel,
            kernel=image / "vmlinuz",
            initrd=image / "initrd",
            arguments=[
                *kernel_arguments(about, address=address, check_sha256=check.sha256),
                *options.arguments,
            ],
            console=console,
            answers=work / "answers.log",
        )
        ended = run_machine(machine, timeout_seconds=options.timeout_seconds, sink=sink)
    answers = parse_answers(ended.answers)
    missing = unanswered(answers, about.tests)
    if missing:
        reason = reason_of(ended, missing=missing)
        raise ModpkgError(
            f"cannot boot {about.name} {about.image.version}: {reason}{tail_of(ended.console)}",
            hint=f"the whole console is in {console}",
        )
    events = parse_stages(ended.console)
    return make_report(answers, events=events, tests=about.tests, console=console)


def read_image(image: Path) -> ImageDirectory:
    """Read image.json, and see that the files a node boots from are those it names."""
    path = image / "image.json"
    if not path.exists():
        raise BadInputError("cannot find image.json: not an image directory", where=str(image))
    about = read_record(path, ImageDirectory, hint=f"remove {image} and build the image again")
    for name in (*BOOTED_FILES, *about.fetched_files):
        _check_file(image / name, about)
    return about


def kernel_arguments(about: ImageDirectory, *, address: str, check_sha256: str) -> tuple[str, ...]:
    """Give the kernel's command line for a node that gets everything from `address`."""
    return (
        *about.kernel_arguments,
        "console=ttyS0,115200",
        "quiet",
        # A node that fails ends its machine at once, instead of trying again.
        "panic=-1",
        "modpkg.retry=1",
        # An emulated processor has no other source of randomness this early, and programs wait for it.
        "random.trust_cpu=on",
        *about.fetched(f"{address}/"),
        f"modpkg.check={address}/check.sh",
        f"modpkg.check-sha256={check_sha256}",
        f"modpkg.report={address}/report",
    )


def require_healthy(report: BootReport, image: ImageDirectory) -> None:
    """Raise ModpkgError that names every fault: tests that failed, failed units, dpkg's complaints.

    Units that wait for the site may fail.
    """
    failed = [result for result in report.tests if not result.ok]
    units = [unit for unit in report.failed_units if unit not in image.waits_for_site]
    faults = [
        *(
            f"test {result.module}/{result.name}: {result.reason}{_indented(result.output)}"
            for result in failed
        ),
        *(f"unit {unit} failed" for unit in units),
        *([f"dpkg --audit says:{_indented(report.audit)}"] if report.audit else []),
    ]
    if faults:
        count = f"{len(faults)} fault{'' if len(faults) == 1 else 's'} in the booted node"
        body = "".join(f"\n  {fault}" for fault in faults)
        tail = tail_of(report.console.read_text(encoding="utf-8"))
        raise ModpkgError(
            f"cannot accept {image.name} {image.image.version}: {count}{body}{tail}",
            hint=f"the whole console is in {report.console}",
        )


def reason_of(ended: Ended, *, missing: Sequence[str]) -> str:
    """Say in one line why a machine ended before its time."""
    failed = [event for event in parse_stages(ended.console) if event.state == "failed"]
    panic = next((line for line in ended.console.splitlines() if "Kernel panic" in line), "")
    if failed:
        return f"{failed[-1].stage} failed: {failed[-1].detail}"
    if panic:
        return panic
    asked = f"before it told of {missing[0]!r}"
    if ended.timed_out:
        return f"its time was over {asked}"
    if ended.status:
        return f"the machine ended with status {ended.status}"
    return f"it ended {asked}"


def tail_of(console: str) -> str:
    """Give the end of a console, indented, for an error."""
    lines = [line for line in console.splitlines() if line.strip()]
    return "\n  the console ends:" + _indented("\n".join(lines[-TAIL_LINES:]))


def _indented(text: str) -> str:
    return "".join(f"\n    {line}" for line in text.splitlines())


def _check_file(path: Path, about: ImageDirectory) -> None:
    known = about.files.get(path.name)
    if known is None or not path.is_file():
        hint = f"remove {path.parent} and build the image again"
        raise BadInputError(f"cannot boot: {path.name} is missing", where=str(path.parent), hint=hint)
    found = digest_file(path)
    if found != known.sha256:
        raise BadInputError(
            f"cannot boot: {path.name} has sha256 {found}, image.json says {known.sha256}",
            where=str(path),
            hint=f"remove {path.parent} and build the image again",
        )
