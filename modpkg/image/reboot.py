"""Whether a node has to be rebooted to have another image, and why. Pure.

The rule: what cannot be replaced while a node runs needs a reboot. That is the kernel with its drivers, the initrd,
process 1, the C library that all processes hold, the message bus on which process 1 and logins depend, ids of accounts
that running processes have, and the kernel's arguments. All else is a matter of restarting services.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from modpkg.image.changes import Layout, PackageChange
    from modpkg.model.module import Module

# Packages by what makes them irreplaceable; names of Debian and of RPM distributions.
REASONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("systemd", "systemd-sysv", "libsystemd-shared"), "it is process 1"),
    **dict.fromkeys(("libc6", "glibc", "musl"), "all processes use it"),
    **dict.fromkeys(
        ("dbus", "dbus-daemon", "dbus-broker", "dbus-bin"), "process 1 and logins hang on the message bus"
    ),
    **dict.fromkeys(("busybox-static", "busybox"), "the initrd is made of it"),
}
DRIVERS: Final = "usr/lib/modules/"
KERNELS: Final = "boot/vmlinuz"
PASSWD: Final = ("etc/passwd", "etc/group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot:
    """Whether a reboot is needed, with the reasons; without one the reasons say why not."""

    is_needed: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What one side brings: its modules, their paths, and the kernel's arguments if they are known."""

    modules: Sequence[Module]
    layout: Layout
    arguments: tuple[str, ...] | None = None


def reboot(old: Machine, new: Machine, packages: Sequence[PackageChange]) -> Reboot:
    """Judge a step from one image to another; `packages` are the changes between them."""
    reasons = (*_platform(old, new), *_kernel(old, new), *_packages(packages), *_accounts(old, new))
    if reasons:
        return Reboot(is_needed=True, reasons=reasons)
    return Reboot(
        is_needed=False,
        reasons=("neither kernel, initrd, process 1, C library, message bus nor ids of accounts change",),
    )


def _platform(old: Machine, new: Machine) -> Iterator[str]:
    sides = [{(m.platform, m.architecture) for m in side.modules} for side in (old, new)]
    if sides[0] != sides[1]:
        yield "it is another platform: " + " -> ".join(_pairs(side) for side in sides)
    if None not in (old.arguments, new.arguments) and old.arguments != new.arguments:
        words = [" ".join(side.arguments or ()) or "none" for side in (old, new)]
        yield f"the kernel's arguments change: {words[0]} -> {words[1]}"


def _pairs(side: set[tuple[str, str]]) -> str:
    return ", ".join(" ".join(pair) for pair in sorted(side))


def _kernel(old: Machine, new: Machine) -> Iterator[str]:
    before, after = (next((m.kernel for m in side.modules if m.kernel), None) for side in (old, new))
    if before != after:
        yield f"the kernel changes: {before or 'none'} -> {after or 'none'}"
    else:
        if _below(old.layout, KERNELS) != _below(new.layout, KERNELS):
            yield f"the kernel {after} is another build"
        if _below(old.layout, DRIVERS) != _below(new.layout, DRIVERS):
            yield f"drivers of kernel {after} change"
    drivers = [sorted({d for m in side.modules for d in m.initramfs_modules}) for side in (old, new)]
    if drivers[0] != drivers[1]:
        yield f"the initrd has other drivers: {', '.join(drivers[1]) or 'none'}"


def _below(layout: Layout, start: str) -> dict[str, str]:
    return {path: line for path, (_, line) in layout.paths.items() if path.startswith(start)}


def _packages(changes: Sequence[PackageChange]) -> Iterator[str]:
    for change in changes:
        if reason := REASONS.get(change.name):
            yield f"{change.name} changes, {change.old or 'none'} -> {change.new or 'none'}: {reason}"


def _accounts(old: Machine, new: Machine) -> Iterator[str]:
    for path in PASSWD:
        before, after = (_ids(side.modules, path) for side in (old, new))
        for name in sorted(before.keys() & after.keys()):
            if before[name] != after[name]:
                yield f"the id of {name} in /{path} changes: {before[name]} -> {after[name]}"


def _ids(modules: Sequence[Module], path: str) -> dict[str, str]:
    rows = (line.split(":") for module in modules for line in module.state.lines.get(path, ()))
    return {row[0]: row[2] for row in rows if len(row) > 2}  # noqa: PLR2004 - name, password, id
