"""One EFI program of a kernel, its initrd and its command line (the UAPI group's unified kernel image).

The sections are those that systemd-stub(7) reads. objcopy puts them behind the stub; its clock is taken out again.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, ModpkgError
from modpkg.host.files import new_file
from modpkg.host.run import run

if TYPE_CHECKING:
    from modpkg.events import Sink

STUBS: Final = {"amd64": Path("/usr/lib/systemd/boot/efi/linuxx64.efi.stub")}
# Where sections lie in memory: each must end before the next begins, and the kernel is unpacked in its place.
TEXTS_AT: Final = {".osrel": 0x20000, ".cmdline": 0x30000, ".uname": 0x40000}
KERNEL_AT: Final = 0x2000000
ALIGNMENT: Final = 0x1000000
LONGEST_TEXT: Final = 0x10000
PE_POINTER: Final = 0x3C
PE_MAGIC: Final = b"PE\0\0"
TIME_OFFSET: Final = 8
CHECKSUM_OFFSET: Final = 88  # PE signature 4, file header 20, optional header 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What goes into the program; `name` and `version` are those a boot menu shows."""

    name: str
    version: str
    architecture: str
    kernel_release: str
    command_line: str
    kernel: Path
    initrd: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPair:
    """A site's key for secure boot and its certificate, both files in PEM."""

    key: Path
    certificate: Path

    def check(self) -> None:
        """Raise BadInputError where one of the two is no file."""
        for path in (self.key, self.certificate):
            if not path.is_file():
                raise BadInputError("cannot sign the EFI program: there is no such file", where=str(path))


def find_stub(architecture: str) -> Path:
    """Give systemd's stub on this machine; raises an error that says what to install."""
    stub = STUBS.get(architecture)
    if stub is None:
        raise BadInputError(f"cannot make an EFI program for {architecture!r}", hint="amd64 is supported")
    if not stub.is_file():
        raise ModpkgError(
            "cannot find the EFI stub", where=str(stub), hint="apt-get install systemd-boot-efi"
        )
    return stub


def make_uki(parts: Parts, destination: Path, *, work: Path, signing: SigningPair | None, sink: Sink) -> None:
    """Write the program to `destination`, signed by sbsign if there is a key; `work` is an empty directory.

    Equal parts and an equal stub give equal bytes; a signature carries the time at which it was made.
    """
    stub = find_stub(parts.architecture)
    command: list[str | Path] = ["objcopy"]
    for section, text in _texts(parts).items():
        if len(text) >= LONGEST_TEXT:
            raise ModpkgError(f"cannot make an EFI program: {section} has {len(text):,} bytes, too many")
        path = work / section.lstrip(".")
        path.write_bytes(text)
        command += _section(section, path, TEXTS_AT[section])
    command += _section(".linux", parts.kernel, KERNEL_AT)
    command += _section(".initrd", parts.initrd, _behind(KERNEL_AT + parts.kernel.stat().st_size))
    with new_file(destination) as temporary:
        command += [stub, temporary]
        run(command, sink=sink)
        temporary.write_bytes(without_time(temporary.read_bytes()))
        if signing is not None:
            sign = ["sbsign", "--key", str(signing.key), "--cert", str(signing.certificate)]
            run([*sign, "--output", str(temporary), str(temporary)], sink=sink)


def without_time(program: bytes) -> bytes:
    """Give a PE program with time and checksum of its headers 0: firmware looks at neither."""
    (start,) = struct.unpack_from("<I", program, PE_POINTER)
    if program[start : start + len(PE_MAGIC)] != PE_MAGIC:
        raise ModpkgError("cannot make an EFI program: objcopy wrote something else")
    changed = bytearray(program)
    for offset in (TIME_OFFSET, CHECKSUM_OFFSET):
        struct.pack_into("<I", changed, start + offset, 0)
    return bytes(changed)


def _section(name: str, path: Path, address: int) -> list[str | Path]:
    return ["--add-section", f"{name}={path}", "--change-section-vma", f"{name}={address:#x}"]


def _behind(address: int) -> int:
    return -(-address // ALIGNMENT) * ALIGNMENT


def _texts(parts: Parts) -> dict[str, bytes]:
    release = (
        f"ID=modpkg\nIMAGE_ID={parts.name}\nIMAGE_VERSION={parts.version}\nVERSION_ID={parts.version}\n"
        f'PRETTY_NAME="{parts.name} {parts.version}"\n'
    )
    return {
        ".osrel": release.encode(),
        ".cmdline": parts.command_line.encode(),
        ".uname": parts.kernel_release.encode(),
    }
