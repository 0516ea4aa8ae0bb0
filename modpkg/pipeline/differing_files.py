"""Files of two image directories, compared: a squashfs down to its paths, an initrd to its member, others by bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.host.files import digest_file
from modpkg.image.blame import Owners
from modpkg.image.compare import first_difference
from modpkg.initramfs.cpio import path_at
from modpkg.pipeline.compare_squashfs import Compared, compare_squashfs
from modpkg.pipeline.verification import Difference, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.host.namespaces import Mode
    from modpkg.model.module import Module

PROOF: Final = "proof.intoto.json"
# Written after an image and not by its modules: proofs and signatures speak for themselves.
SIGNATURES: Final = (".asc", ".gpg", ".sig")
ASSEMBLY: Final = "assembly"
INITRD: Final = "initrd"
KERNEL: Final = "vmlinuz"
# Where an initrd has drivers, and where the root has them: a merged /usr lies between.
MERGED: Final = ("", "usr/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """The modules that made both directories, and where and how images are unpacked."""

    modules: tuple[Module, ...]
    mode: Mode
    work: Path
    sink: Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """One file that differs: as it should be, and as it was found."""

    name: str
    expected: Path
    found: Path
    offset: int


def image_files(directory: Path) -> dict[str, Path]:
    """Give the files of an image's directory by name, without its proof and signatures."""
    paths = (path for path in sorted(directory.rglob("*")) if path.is_file() or path.is_symlink())
    named = {str(path.relative_to(directory)): path for path in paths}
    return {name: path for name, path in named.items() if name != PROOF and not name.endswith(SIGNATURES)}


def differing_files(
    expected: Mapping[str, Path], found: Mapping[str, Path], suspects: Suspects
) -> tuple[Difference, ...]:
    """Give all differences between an image as it should be and one that was found."""
    differences: list[Difference] = []
    for name in sorted({*expected, *found}):
        if name not in found:
            differences.append(_whole(name, "missing", found="-"))
        elif name not in expected:
            differences.append(_whole(name, "extra", found="a file that the image does not have"))
        elif not found[name].is_file():
            differences.append(_whole(name, "type", found="no file"))
        else:
            offset = first_difference(expected[name], found[name])
            if offset is not None:
                pair = _Pair(name=name, expected=expected[name], found=found[name], offset=offset)
                differences += _examined(pair, suspects)
    return tuple(differences)


def _whole(name: str, kind: str, *, found: str) -> Difference:
    is_extra = kind == "extra"
    return Difference(
        file=name,
        path="",
        module="" if is_extra else ASSEMBLY,
        version="",
        part="nothing" if is_extra else "assembly",
        kind=kind,
        expected="-" if is_extra else "a file",
        found=found,
    )


def _examined(pair: _Pair, suspects: Suspects) -> Iterator[Difference]:
    if pair.name.endswith(".squashfs"):
        compared = compare_squashfs(
            pair.expected, pair.found, work=suspects.work, mode=suspects.mode, sink=suspects.sink
        )
        yield from squashfs_differences(pair.name, compared, suspects.modules, offset=pair.offset)
    elif pair.name == INITRD:
        yield _of_initrd(pair, Owners.of(suspects.modules))
    elif pair.name == KERNEL:
        kernel = next((module for module in suspects.modules if module.kernel), None)
        yield _bytes(pair, kernel, path=f"boot/vmlinuz-{kernel.kernel}" if kernel else "")
    else:
        yield _bytes(pair, None)


def squashfs_differences(
    name: str, compared: Compared, modules: tuple[Module, ...], *, offset: int
) -> Iterator[Difference]:
    """Give what differs in a squashfs of modules, with the guilty ones; `offset` is that in the whole file."""
    owners = Owners.of(modules)
    for one in compared.differences:
        owner = owners.owner(one.path, one.line)
        yield Difference(
            file=name,
            path=f"/{one.path}",
            module=owner.module,
            version=owner.version,
            part=owner.part,
            kind=one.kind,
            expected=one.expected,
            found=one.found,
            offset=one.offset,
        )
    if compared.damage or not compared.differences:
        kind = "damage" if compared.damage else "order"
        found = compared.damage or "the same tree, in other bytes"
        yield Difference(
            file=name,
            path="",
            # Its paths accuse their modules; where it has none to show, the packing alone is wrong.
            module="" if compared.differences else ASSEMBLY,
            version="",
            part="assembly",
            kind=kind,
            expected="what the modules make",
            found=found,
            offset=offset,
        )


def _of_initrd(pair: _Pair, owners: Owners) -> Difference:
    path = path_at(pair.expected.read_bytes(), pair.offset)
    places = [owners.paths[prefix + path] for prefix in MERGED if prefix + path in owners.paths]
    module = places[0][0] if path and places and places[0][1].startswith("file ") else None
    return _bytes(pair, module, path=path)


def _bytes(pair: _Pair, module: Module | None, *, path: str = "") -> Difference:
    part: Part = "fragment" if module else "assembly"
    return Difference(
        file=pair.name,
        path=f"/{path}" if path else "",
        module=module.name if module else ASSEMBLY,
        version=module.version if module else "",
        part=part,
        kind="content",
        expected=_shown(pair.expected),
        found=_shown(pair.found),
        offset=pair.offset,
    )


def _shown(path: Path) -> str:
    return f"{path.stat().st_size} bytes, sha256 {digest_file(path)[:12]}"
