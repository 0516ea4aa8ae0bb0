"""FAI's setup-storage files, by the grammar of setup-storage(8): sections of volumes, each word with its place.

It knows the words, not what they mean for a node; it opens no file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from modpkg.formats.words import closest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modpkg.errors import Problem
    from modpkg.formats.text import Place, Text

# A word may hold quoted parts: createopts="-L data".
WORD: Final = re.compile(r'(?:[^\s"]|"[^"]*")+|"')
KINDS: Final = ("lvm", "raid", "cryptsetup", "tmpfs", "nfs", "btrfs", "zfs")
PRESERVE: Final = ("preserve_always", "preserve_reinstall", "preserve_lazy", "always_format", "resize")
OPTIONS: Final = {
    "disk": (
        *PRESERVE,
        *("disklabel", "bootable", "virtual", "fstabkey", "sameas", "align-at"),
    ),
    "lvm": (*PRESERVE, "fstabkey"),
    "raid": (*PRESERVE, "fstabkey"),
}
DISK_TYPES: Final = ("primary", "logical", "raw-disk")
# p=NAME: a primary partition with a name of its own.
LABELLED: Final = "p="
RAID_TYPES: Final = ("raid0", "raid1", "raid5", "raid6", "raid10")
# type, mountpoint, size, filesystem, mount options; those of mkfs may follow.
FEWEST_WORDS: Final = 5
VG_WORDS: Final = 3
UNITS: Final = {"k": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50}
DECIMAL: Final = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
SIZE: Final = re.compile(r"([0-9]+)(?:([kKMGTP])(iB|B)?|(B))?")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line and where it begins."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One line below a section: its words are those of the columns; `extra` are options of programs."""

    type: Word
    mount: Word
    size: Word
    filesystem: Word
    options: Word
    extra: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What follows one `disk_config`: `kind` is `disk` or one of KINDS, `groups` are pairs of vg's name and devices."""

    kind: str
    name: Word
    options: tuple[Word, ...]
    volumes: list[Volume] = field(default_factory=list)
    groups: list[tuple[Word, Word]] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    text: Text
    problems: list[Problem]
    sections: list[Section]
    open: Section | None = None

    def fault(self, word: Word, message: str, hint: str = "") -> None:
        self.problems.append(self.text.problem(word.place, message, hint=hint))


def read_sections(text: Text) -> tuple[list[Section], list[Problem]]:
    """Give the sections of a file, and its faults."""
    reader = _Reader(text=text, problems=[], sections=[])
    for number, line in enumerate(text.lines, start=1):
        words = list(_words(line, number))
        if not words:
            continue
        if any(word.text.count('"') % 2 for word in words):
            reader.fault(next(w for w in words if w.text.count('"') % 2), "a quote is not closed")
        elif words[0].text == "disk_config":
            _begin(reader, words)
        elif reader.open is None:
            hint = closest(words[0].text, ["disk_config"]) or "a section begins with disk_config"
            reader.fault(words[0], f"{words[0].text!r} belongs to no disk_config", hint)
        elif reader.open.kind == "lvm" and words[0].text == "vg":
            _group(reader, reader.open, words)
        else:
            _volume(reader, reader.open, words)
    return reader.sections, reader.problems


def size_bytes(text: str) -> int | None:
    """Give a size in bytes: MiB without a unit, powers of two unless the unit ends in a plain B; None for none."""
    match = SIZE.fullmatch(text)
    if not match:
        return None
    number, letter, suffix, is_plain = match.groups()
    if is_plain:
        return int(number)
    table = DECIMAL if suffix == "B" else UNITS
    return int(number) * table[(letter or "M").replace("K", "k")]


def _words(line: str, number: int) -> Iterator[Word]:
    for match in WORD.finditer(line):
        if match[0].startswith("#"):
            return
        yield Word(match[0], (number, match.start() + 1))


def _begin(reader: _Reader, words: list[Word]) -> None:
    reader.open = None
    if len(words) == 1:
        reader.fault(words[0], "disk_config of what?", f"a disk, such as disk1 or sda, or {', '.join(KINDS)}")
        return
    if words[1].text == "end":
        return
    kind = words[1].text if words[1].text in KINDS else "disk"
    known = OPTIONS.get(kind, ())
    for word in words[2:]:
        key = word.text.partition(":")[0]
        if known and key not in known:
            reader.fault(word, f"{key!r} is no option of disk_config {words[1].text}", closest(key, known))
    reader.open = Section(kind=kind, name=words[1], options=tuple(words[2:]))
    reader.sections.append(reader.open)


def _group(reader: _Reader, section: Section, words: list[Word]) -> None:
    if len(words) < VG_WORDS:
        reader.fault(words[0], "a volume group needs a name and devices", "write: vg NAME DEVICE[,DEVICE...]")
        return
    section.groups.append((words[1], words[2]))


def _volume(reader: _Reader, section: Section, words: list[Word]) -> None:
    types = {"disk": DISK_TYPES, "raid": RAID_TYPES}.get(section.kind)
    kind = words[0].text
    if types and kind not in types and not (section.kind == "disk" and kind.startswith(LABELLED)):
        reader.fault(
            words[0], f"{kind!r} is no type of disk_config {section.name.text}", closest(kind, types)
        )
        return
    if section.kind == "lvm" and "-" not in kind:
        reader.fault(words[0], f"{kind!r} names no volume", "write GROUP-VOLUME, such as data-scratch")
        return
    if section.kind not in ("disk", "raid", "lvm"):
        # What is in them is not looked at: the section as a whole has no counterpart.
        return
    if len(words) < FEWEST_WORDS:
        hint = "write type, mount point, size, file system and mount options; - for none"
        reader.fault(words[-1], f"the line has {len(words)} words of at least {FEWEST_WORDS}", hint)
        return
    section.volumes.append(
        Volume(
            type=words[0],
            mount=words[1],
            size=words[2],
            filesystem=words[3],
            options=words[4],
            extra=tuple(words[5:]),
        )
    )
