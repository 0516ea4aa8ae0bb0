"""A disk_config of FAI's setup-storage as a disk document: what has a counterpart is taken over, the rest is told.

Numbers of partitions are those that FAI gives: on msdos labels the first logical one is 5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from modpkg.errors import DocumentError, Problem
from modpkg.formats import yaml
from modpkg.formats.disk_yaml import document_text
from modpkg.formats.documents import validate
from modpkg.formats.setup_storage import LABELLED, Section, Volume, Word, read_sections, size_bytes
from modpkg.formats.text import Text, read_text
from modpkg.model.disks import Disks

if TYPE_CHECKING:
    from pathlib import Path

MIB: Final = 1 << 20
FORMATS: Final = {"ext2": "ext4", "ext3": "ext4", "ext4": "ext4", "xfs": "xfs", "swap": "swap"}
NO_OPTIONS: Final = frozenset(("-", "default", "defaults", "rw", "sw"))
FIRST_LOGICAL: Final = 5
# disk1.2, sda2, nvme0n1p2, md0
NUMBERED: Final = re.compile(
    r"(disk[0-9]+)\.([0-9]+)|(?:/dev/)?([a-z]+)([0-9]+)|(?:/dev/)?(nvme[0-9]+n[0-9]+)p([0-9]+)"
)
OF_THE_NODE: Final = {
    "tmpfs": "write it into `mounts` of the node",
    "nfs": "write it into `mounts` of the node",
    "cryptsetup": "encrypted disks are not supported",
    "btrfs": "use ext4 or xfs",
    "zfs": "write it into the document, under `zpools`",
}
HARMLESS: Final = (
    "fstabkey",
    "align-at",
    "bootable",
    "virtual",
    "preserve_always",
    "preserve_lazy",
    "preserve_reinstall",
)


@dataclass(slots=True)
class _Import:
    text: Text
    problems: list[Problem] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    disks: dict[str, dict[str, object]] = field(default_factory=dict)
    raid: dict[str, dict[str, object]] = field(default_factory=dict)
    groups: dict[str, dict[str, list[object]]] = field(default_factory=dict)
    filesystems: list[dict[str, str]] = field(default_factory=list)
    devices: dict[str, str] = field(default_factory=dict)

    def fault(self, word: Word, message: str, hint: str = "") -> None:
        self.problems.append(self.text.problem(word.place, message, hint=hint))

    def note(self, word: Word, message: str) -> None:
        self.notes.append((word.place[0], message))


def import_setup_storage(path: Path, *, name: str = "") -> str:
    """Give a file of FAI as the text of a disk document; raises DocumentError with all that cannot be taken over."""
    text = Text.of(read_text(path), file=str(path))
    sections, problems = read_sections(text)
    work = _Import(text=text, problems=problems)
    if not sections and not problems:
        work.problems.append(text.problem((1, 1), "there is no disk_config in it"))
    for section in sections:
        _section(work, section, sections)
    if work.problems:
        raise DocumentError(work.problems)
    document = {
        "name": name or _name(path.stem),
        "disks": work.disks,
        "raid": work.raid,
        "volume-groups": work.groups,
        "filesystems": work.filesystems,
    }
    notes = [f"line {line}: {message}" for line, message in sorted(work.notes)]
    made = document_text(document, source=path.name, notes=notes)
    # What FAI allows and a document does not shows here, in the words of the document.
    loaded = validate(path, yaml.parse(made, file=f"{path} as a document"), Disks)
    if loaded.document is None:
        raise DocumentError(list(loaded.problems))
    return made


def _section(work: _Import, section: Section, sections: list[Section]) -> None:
    if section.kind in OF_THE_NODE:
        work.fault(section.name, f"{section.name.text} has no counterpart here", OF_THE_NODE[section.kind])
        return
    for word in section.options:
        key = word.text.partition(":")[0]
        if key in HARMLESS:
            continue
        if key in ("always_format", "resize"):
            work.note(word, f"{key} is left out: what is on a disk is kept, and no size is changed")
    if section.kind == "disk":
        _disk(work, section, sections)
    elif section.kind == "raid":
        for volume in section.volumes:
            _array(work, volume)
    else:
        _groups(work, section)


def _disk(work: _Import, section: Section, sections: list[Section]) -> None:
    fai_name = _kernel_name(section)
    if not re.fullmatch(r"[a-z]+[0-9]*|nvme[0-9]+n[0-9]+", fai_name):
        hint = "write the kernel's name, such as sda, and give the disk a serial in the document"
        work.fault(
            section.name, f"the disk {section.name.text!r} is named by a way that nodes do not have", hint
        )
        return
    found = _layout(work, section, sections)
    if found is None:
        return
    volumes, is_msdos = found
    partitions = _partitions(work, fai_name, volumes, is_msdos=is_msdos)
    if not partitions:
        if not work.problems:
            work.fault(section.name, f"nothing is said of the disk {fai_name}", "remove the section")
        return
    match = {"path": f"/dev/{fai_name}"}
    if fai_name.startswith("disk"):
        match = {"min-size": _least(partitions, volumes[-1])}
        work.note(
            section.name,
            f"FAI takes {fai_name} by its number; here any disk with room will do: write a serial",
        )
    work.disks[fai_name] = {"match": match, "partitions": partitions}


def _kernel_name(section: Section) -> str:
    return section.name.text.removeprefix("/dev/")


def _layout(work: _Import, section: Section, sections: list[Section]) -> tuple[list[Volume], bool] | None:
    # The lines of a disk, or of the one that it is the same as; and whether its label is of msdos, FAI's default.
    options = _options(section)
    if "sameas" not in options:
        return section.volumes, options.get("disklabel", "msdos") == "msdos"
    others = [one for one in sections if _kernel_name(one) == options["sameas"].removeprefix("/dev/")]
    if not others or section.volumes:
        word = next(word for word in section.options if word.text.startswith("sameas"))
        work.fault(word, f"sameas: there is no disk {options['sameas']!r}, or this one has lines of its own")
        return None
    return others[0].volumes, {**_options(others[0]), **options}.get("disklabel", "msdos") == "msdos"


def _options(section: Section) -> dict[str, str]:
    return dict(word.text.partition(":")[::2] for word in section.options)


def _partitions(
    work: _Import, fai_name: str, volumes: list[Volume], *, is_msdos: bool
) -> list[dict[str, str]]:
    numbers = {"primary": 1, "logical": FIRST_LOGICAL}
    partitions: list[dict[str, str]] = []
    for index, volume in enumerate(volumes):
        key = "logical" if volume.type.text == "logical" and is_msdos else "primary"
        number, numbers[key] = numbers[key], numbers[key] + 1
        size = _size(work, volume, is_last=index + 1 == len(volumes))
        if size is None:
            continue
        label = _label(volume, number)
        if label in {part["name"] for part in partitions}:
            label = f"{label}-{number}"
        device = f"{fai_name}.{label}"
        partitions.append({"name": label, "size": size})
        work.devices[f"{fai_name}.{number}"] = device
        if volume.type.text == "raw-disk":
            work.devices[fai_name] = device
        _filesystem(work, volume, device)
    return partitions


def _least(partitions: list[dict[str, str]], last: Volume) -> str:
    needed = sum(int(part["size"].removesuffix("MiB")) for part in partitions if part["size"] != "rest")
    if partitions[-1]["size"] == "rest":
        low = size_bytes(last.size.text.partition("-")[0]) or 0
        needed += max(1, -(-low // MIB))
    return f"{needed + 2}MiB"


def _label(volume: Volume, number: int) -> str:
    named = volume.type.text.removeprefix(LABELLED) if volume.type.text.startswith(LABELLED) else ""
    word = (named or volume.mount.text).strip("/-").lower()
    return re.sub(r"[^a-z0-9]+", "-", word).strip("-") or f"p{number}" if word[:1].isalpha() else f"p{number}"


def _size(work: _Import, volume: Volume, *, is_last: bool) -> str | None:
    if volume.type.text == "raw-disk":
        return "rest"
    text, _, suffix = volume.size.text.partition(":")
    if text == "RAM":
        text, suffix = volume.size.text, ""
    if suffix:
        work.note(volume.size, f"{suffix} is left out: what is on a disk is kept, and no size is changed")
    low, dash, high = text.partition("-")
    if "%" in text or text.startswith("RAM"):
        hint = "write a size, or an open end such as 10G-"
        work.fault(volume.size, f"the size {text!r} depends on the node", hint)
        return None
    wanted = high or low
    if dash and not high:
        if is_last:
            return "rest"
        hint = "write it for the last one, and sizes for the others"
        work.fault(volume.size, f"the size {text!r} has no end, and more follows on the disk", hint)
        return None
    size = size_bytes(wanted)
    if size is None or (low and size_bytes(low) is None):
        work.fault(
            volume.size, f"{text!r} is no size", "write a number and k, M, G, T, such as 10G, or 10G-20G"
        )
        return None
    if low and high:
        work.note(volume.size, f"of {text} the upper end is taken")
    return f"{max(1, -(-size // MIB))}MiB"


def _filesystem(work: _Import, volume: Volume, device: str) -> None:
    mount, wanted = volume.mount.text, volume.filesystem.text
    if ":" in mount:
        work.fault(volume.mount, f"{mount!r}: encrypted disks are not supported")
        return
    if wanted == "-" or (mount == "-" and wanted != "swap"):
        if wanted != "-":
            work.note(volume.filesystem, f"{wanted} is left out: it is mounted nowhere")
        return
    if wanted not in FORMATS:
        work.fault(
            volume.filesystem, f"{wanted!r} is no file system that nodes make", "use ext4, xfs or swap"
        )
        return
    if mount in {"/", "/boot"} or mount.startswith("/boot/"):
        hint = "remove the line: the image is the root, and the node boots from the network"
        work.fault(volume.mount, f"{mount} is not on a disk", hint)
        return
    if FORMATS[wanted] != wanted:
        work.note(volume.filesystem, f"{wanted} becomes {FORMATS[wanted]}")
    if volume.extra:
        work.note(
            volume.extra[0],
            f"options of programs are left out: {' '.join(word.text for word in volume.extra)}",
        )
    made = {"device": device, "format": FORMATS[wanted]}
    if wanted != "swap":
        made["mount"] = mount
        options = [one for one in volume.options.text.split(",") if one not in NO_OPTIONS]
        if options:
            made["options"] = ",".join(options)
    work.filesystems.append(made)


def _array(work: _Import, volume: Volume) -> None:
    name = f"md{len(work.raid)}"
    members = _members(work, volume.size)
    work.raid[name] = {"level": int(volume.type.text.removeprefix("raid")), "members": members}
    work.devices[name] = name
    _filesystem(work, volume, name)


def _groups(work: _Import, section: Section) -> None:
    names = {}
    for word, devices in section.groups:
        names[word.text] = _name(word.text)
        work.groups[names[word.text]] = {"members": [*_members(work, devices)], "volumes": []}
    for volume in section.volumes:
        group, _, label = volume.type.text.partition("-")
        if group not in names:
            work.fault(volume.type, f"there is no volume group {group!r}", f"write: vg {group} DEVICE")
            continue
        mine = [one for one in section.volumes if one.type.text.partition("-")[0] == group]
        size = _size(work, volume, is_last=volume is mine[-1])
        if size is not None:
            name = _name(label)
            work.groups[names[group]]["volumes"].append({"name": name, "size": size})
            _filesystem(work, volume, f"{names[group]}.{name}")


def _members(work: _Import, word: Word) -> list[str]:
    members = []
    line, column = word.place
    for text in word.text.split(","):
        part = Word(text, (line, column))
        column += len(text) + 1
        device, *flags = text.split(":")
        known = _device(work, device)
        if flags:
            work.fault(part, f"{text!r}: spare and missing members are not supported", f"write {device}")
        elif known is None:
            work.fault(part, f"there is no partition {device!r}", "disk1.2 is the second partition of disk1")
        else:
            members.append(known)
    return members


def _device(work: _Import, text: str) -> str | None:
    direct = work.devices.get(text.removeprefix("/dev/"))
    if direct:
        return direct
    match = NUMBERED.fullmatch(text)
    if not match:
        return None
    words = [group for group in match.groups() if group]
    return work.devices.get(".".join(words))


def _name(text: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return plain if plain[:1].isalpha() else f"d{plain}"
