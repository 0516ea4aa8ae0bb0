"""The initial RAM disk of an image: busybox, kernel modules and the boot stages.

The archive is not compressed: its bits then depend on no compressor's version, and the kernel unpacks it without
work. Drivers, most of it, lie in it as a squashfs whose blocks are those of the image's own fragments. Takes
everything from the image's tree, runs nothing and changes nothing there.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.files import Receipt, temporary_directory, write_atomically
from modpkg.initramfs import cpio
from modpkg.initramfs.drivers import FIRMWARE_PLACE, asking, expand, firmware_of
from modpkg.initramfs.kernel_modules import ModuleTable, module_name, read_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from modpkg.initramfs.files import Files

BUSYBOX: Final = "usr/bin/busybox"
ELF_MAGIC: Final = b"\x7fELF"
# What the squashfs of drivers is mounted with is not in it.
FIRST_MODULES: Final = ("loop", "squashfs")
REQUIRED_MODULES: Final = (*FIRST_MODULES, "overlay")
# Loaded by the stage that needs them. A kernel may lack some of them: what it has is taken.
WANTED_MODULES: Final = ("8021q", "bonding", "dm_verity")
ALWAYS: Final = "@virtual"
DRIVERS: Final = "lib/modpkg/drivers"
LIBRARY: Final = "lib/modpkg"
LIBRARIES: Final = (
    *(
        "contents.sh",
        "disks.sh",
        "image_tools.sh",
        "lease.sh",
        "library.sh",
        "lvm.sh",
        "settings.sh",
        "tell.sh",
        "volumes.sh",
        "zfs.sh",
    ),
)
CONSOLE: Final = (5, 1)


def build_initrd(files: Files, *, kernel: str, modules: Sequence[str], destination: Path) -> Receipt:
    """Write the initrd for an image with these files, which are only read.

    `modules` are kernel modules, and classes of them such as `@ethernet`, that the image asks for besides those
    every node needs. Raises ModpkgError that names what the tree lacks.
    """
    table = read_table(files, f"usr/lib/modules/{kernel}")
    members = [
        *_skeleton(),
        cpio.file("bin/busybox", _read_busybox(files), mode=0o755),
        *_scripts(),
        *_module_members(table, kernel, [*REQUIRED_MODULES, ALWAYS, *modules], destination.parent),
    ]
    return write_atomically(destination, cpio.archive(cpio.with_parents(members)))


def _skeleton() -> list[cpio.Member]:
    places = ("dev", "etc", "newroot", "proc", "run", "sys")
    return [
        *(cpio.directory(place) for place in places),
        cpio.directory("tmp", mode=0o1777),
        cpio.symlink("bin/sh", "busybox"),
        # The kernel opens this before any program runs: without it the first words are lost.
        cpio.character_device("dev/console", CONSOLE),
    ]


def _read_busybox(files: Files) -> bytes:
    path = files.where(BUSYBOX)
    hint = "add the package busybox-static to a module of the image"
    try:
        data = files.read(BUSYBOX)
    except FileNotFoundError as error:
        raise ModpkgError("cannot find busybox in the image", where=path, hint=hint) from error
    # An ELF program that needs a loader says so with its path; the initrd has no shared libraries.
    if not data.startswith(ELF_MAGIC) or b"/ld-" in data[:4096]:
        raise ModpkgError("cannot use this busybox: it is not a static program", where=path, hint=hint)
    return data


def _scripts() -> list[cpio.Member]:
    package = resources.files("modpkg.initramfs")
    stages = sorted((package / "stages").iterdir(), key=lambda entry: entry.name)
    return [
        _script("init", package / "init.sh"),
        *(_script(f"{LIBRARY}/{name}", package / name) for name in LIBRARIES),
        *(_script(f"{LIBRARY}/stages/{stage.name}", stage) for stage in stages if stage.name.endswith(".sh")),
    ]


def _script(path: str, source: Traversable) -> cpio.Member:
    return cpio.file(path, source.read_bytes(), mode=0o755)


def _module_members(table: ModuleTable, kernel: str, named: Sequence[str], work: Path) -> list[cpio.Member]:
    place = f"lib/modules/{kernel}"
    asked = list(expand(table, named))
    wanted = [name for name in WANTED_MODULES if table.has(name)]
    names = table.closure([*asked, *wanted])
    chosen, first = set(names), set(table.closure(FIRST_MODULES))
    apart_names = [name for name in names if name not in first]
    drivers = _drivers(table, apart_names, {*map(module_name, asked)}, work)
    apart = chosen - first if drivers else set()
    paths = {
        name: f"more/{table.files[name]}" if name in apart else _plain(table.files[name]) for name in names
    }
    needs = [
        f"{paths[name]}: {' '.join(paths[need] for need in table.needs[name])}".strip() for name in names
    ]
    aliases = [f"alias {pattern} {module}" for pattern, module in table.aliases if module in chosen]
    return [
        *drivers,
        *(cpio.symlink(f"{place}/more", f"/{DRIVERS}/{table.directory}") for _ in drivers[:1]),
        *(cpio.file(f"{place}/{paths[name]}", table.read(name)) for name in names if name not in apart),
        cpio.file(f"{place}/modules.dep", _text(needs)),
        cpio.file(f"{place}/modules.alias", _text(aliases)),
        *_lists(table, chosen & {module_name(name) for name in asked}, named),
        cpio.file(f"{LIBRARY}/buses", _text([_buses(table, chosen)])),
    ]


def _lists(table: ModuleTable, asked: set[str], named: Sequence[str]) -> list[cpio.Member]:
    # What no device asks for is loaded at once. Of a class it is the second half of a driver, such as mlx4_en: it is
    # loaded behind the first, which knows the card.
    alone = asked - table.for_hardware(asked)
    firsts = {name: table.for_hardware(table.needs[name]) for name in alone - {*map(module_name, named)}}
    followers = {name: needs for name, needs in firsts.items() if needs}
    return [
        cpio.file(f"{LIBRARY}/modules", _text(sorted(alone - followers.keys()))),
        cpio.file(
            f"{LIBRARY}/followers",
            _text([" ".join((name, *sorted(followers[name]))) for name in sorted(followers)]),
        ),
    ]


def _buses(table: ModuleTable, chosen: set[str]) -> str:
    # What may ask for one of the drivers at all, as a pattern of grep: most devices of a machine are of other buses.
    words = {
        pattern.partition(":")[0] for pattern, module in table.aliases if module in chosen and ":" in pattern
    }
    return f"^({'|'.join(sorted(words))}):"


def _drivers(table: ModuleTable, names: Sequence[str], named: set[str], work: Path) -> list[cpio.Member]:
    # One squashfs of drivers and their firmware, where the image's files are compressed already.
    files = table.image
    paths = [f"{table.directory}/{table.files[name]}" for name in names]
    there = [path.removeprefix(f"{FIRMWARE_PLACE}/") for path in files.below(FIRMWARE_PLACE)]
    asked = [name for one in asking(names, named, there) for name in firmware_of(table.read(one))]
    firmware = {path for name in asked for path in files.chain(f"{FIRMWARE_PLACE}/{name}")}
    with temporary_directory(work) as scratch:
        carved = scratch / "drivers.squashfs"
        if not names or not files.carve([*paths, *sorted(firmware)], carved):
            return []
        return [
            cpio.file(f"{DRIVERS}.squashfs", carved.read_bytes()),
            cpio.directory(DRIVERS),
            cpio.symlink("lib/firmware", f"/{DRIVERS}/{FIRMWARE_PLACE}"),
            # Where links among firmware lead that name the whole path.
            cpio.symlink(FIRMWARE_PLACE, f"/{DRIVERS}/{FIRMWARE_PLACE}"),
        ]


def _plain(path: str) -> str:
    head, _, _ = path.rpartition(".ko")
    return f"{head}.ko"


def _text(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
