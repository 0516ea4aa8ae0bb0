from typing import Any

import pytest

from modpkg.image.changes import Layout, package_changes
from modpkg.image.reboot import Machine, Reboot, reboot
from modpkg.model.module import IncludedPackage, Module, State
from tests.support.stack import make_module

A, B = "file 0644 0 0 10 " + "a" * 64, "file 0644 0 0 10 " + "b" * 64
KERNEL = {"boot/vmlinuz-6.1.0": A, "usr/lib/modules/6.1.0/loop.ko": A, "usr/bin/x": A}


def machine(*modules: Module, arguments: tuple[str, ...] | None = None) -> Machine:
    return Machine(modules=modules, layout=Layout.of(modules), arguments=arguments)


def kernel(**fields: Any) -> Module:
    return make_module(**{"kernel": "6.1.0", "paths": KERNEL, "initramfs_modules": ("e1000",), **fields})


def judged(old: Machine, new: Machine) -> Reboot:
    return reboot(old, new, package_changes(old.modules, new.modules))


def only_reason(old: Machine, new: Machine) -> str:
    found = judged(old, new)
    assert found.is_needed
    (reason,) = found.reasons
    return reason


def package(name: str, version: str) -> IncludedPackage:
    return IncludedPackage(
        name=name, version=version, architecture="amd64", source=name, source_version=version, sha256="0" * 64
    )


def test_programs_and_files_need_none_and_it_says_so() -> None:
    found = judged(machine(kernel()), machine(kernel(paths={**KERNEL, "usr/bin/x": B})))
    assert not found.is_needed
    assert found.reasons[0].startswith("neither kernel")


def test_another_kernel_needs_one() -> None:
    paths = {"boot/vmlinuz-6.6.0": A}
    reason = only_reason(machine(kernel()), machine(kernel(kernel="6.6.0", paths=paths)))
    assert reason == "the kernel changes: 6.1.0 -> 6.6.0"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("boot/vmlinuz-6.1.0", "the kernel 6.1.0 is another build"),
        ("usr/lib/modules/6.1.0/loop.ko", "drivers of kernel 6.1.0 change"),
    ],
)
def test_another_build_of_the_kernel_needs_one(path: str, reason: str) -> None:
    assert only_reason(machine(kernel()), machine(kernel(paths={**KERNEL, path: B}))) == reason


def test_other_drivers_in_the_initrd_need_one() -> None:
    new = machine(kernel(initramfs_modules=("e1000", "mlx5_core")))
    assert only_reason(machine(kernel()), new) == "the initrd has other drivers: e1000, mlx5_core"


@pytest.mark.parametrize("name", ["systemd", "libc6", "glibc", "dbus-daemon", "busybox-static"])
def test_packages_that_cannot_be_replaced_need_one(name: str) -> None:
    old, new = (machine(kernel(packages=(package(name, version),))) for version in ("1", "2"))
    assert only_reason(old, new).startswith(f"{name} changes, 1 -> 2: ")


def test_other_packages_need_none() -> None:
    old, new = (machine(kernel(packages=(package("libssl3", version),))) for version in ("1", "2"))
    assert not judged(old, new).is_needed


def test_an_id_that_changes_needs_one() -> None:
    old, new = (
        machine(kernel(state=State(lines={"etc/passwd": (f"munge:x:{uid}:105::/:/bin/sh",)})))
        for uid in (105, 106)
    )
    assert only_reason(old, new) == "the id of munge in /etc/passwd changes: 105 -> 106"


def test_a_new_account_needs_none() -> None:
    new = machine(kernel(state=State(lines={"etc/passwd": ("munge:x:105:105::/:/bin/sh",)})))
    assert not judged(machine(kernel()), new).is_needed


def test_arguments_of_the_kernel_need_one_where_both_are_known() -> None:
    quiet, loud = machine(kernel(), arguments=("quiet",)), machine(kernel(), arguments=())
    assert only_reason(quiet, loud) == "the kernel's arguments change: quiet -> none"
    assert not judged(quiet, machine(kernel())).is_needed


def test_another_platform_needs_one() -> None:
    found = judged(machine(kernel()), machine(kernel(platform="trixie")))
    assert found.reasons == ("it is another platform: bookworm amd64 -> trixie amd64",)
