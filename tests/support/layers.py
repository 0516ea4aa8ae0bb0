"""Random layers by seed: small and nasty trees, packed as fragments. Needs root: they hold devices and owners."""

from __future__ import annotations

import os
import random
import shutil
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.host.files import digest_file
from modpkg.host.run import run

if TYPE_CHECKING:
    from pathlib import Path

OPAQUE: Final = "trusted.overlay.opaque"
IDS: Final = (0, 0, 0, 1, 1000, 65534, 65536, 2**31, 2**32 - 6)
NAMES: Final = [*"abcdefgh", "ä", "name with blank", "n" * 255, ".hidden", "new\nline", "Z", "~"]
MODES: Final = (0o644, 0o755, 0o600, 0o4755, 0o2711, 0o1777, 0o000)
CAPABILITY: Final = bytes.fromhex("0100000200200000000000000000000000000000")
ATTRIBUTES: Final = {
    "user.short": b"x",
    "user.empty": b"",
    "user.long": b"0123456789" * 300,
    "trusted.word": b"\0\1\2",
    "security.capability": CAPABILITY,
}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How the layers of one seed are packed."""

    compressor: str
    block_size: int
    options: list[str]


@dataclass(frozen=True, kw_only=True)
class Layers:
    """The fragments of one seed, the lowest first, and the digests of their files by path."""

    fragments: list[Path]
    digests: list[dict[str, str]]
    shape: Shape


def make_layers(place: Path, seed: int) -> Layers:
    """Make two to four layers below `place`."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    shape = Shape(
        compressor=chance.choice(["gzip", "lz4", "xz", "zstd"]),
        block_size=chance.choice([4096, 4096, 8192, 65536, 131072, 1 << 20]),
        options=[
            word
            for word in ("-no-fragments", "-no-duplicates", "-no-exports", "-noI", "-noX", "-noF", "-noD")
            if chance.random() < 0.2
        ],
    )
    contents = [_content(chance, shape.block_size) for _ in range(8)]
    fragments, digests = [], []
    for number in range(chance.randint(2, 4)):
        tree = place / f"tree{number}"
        tree.mkdir()
        _Maker(chance, contents, upper=number > 0).fill(tree)
        fragments.append(pack(tree, place / f"layer{number}.squashfs", shape))
        digests.append(
            {
                str(path.relative_to(tree)): digest_file(path)
                for path in tree.rglob("*")
                if not path.is_symlink() and path.is_file()
            }
        )
        shutil.rmtree(tree)
    return Layers(fragments=fragments, digests=digests, shape=shape)


def fill_plain(tree: Path, chance: random.Random) -> None:
    """Fill a tree with each kind of path, without the marks of overlayfs."""
    contents = [_content(chance, 4096) for _ in range(6)]
    maker = _Maker(chance, contents, upper=False, plain=True)
    for number in range(3):
        maker.fill(tree / f"part{number}")


def pack(tree: Path, fragment: Path, shape: Shape) -> Path:
    """Pack a tree by mksquashfs."""
    words = ["-comp", shape.compressor, "-b", str(shape.block_size), "-noappend", "-no-progress", "-quiet"]
    # One processor: 200 seeds run beside each other.
    run(["mksquashfs", tree, fragment, *words, "-processors", "1", "-mkfs-time", "0", *shape.options])
    return fragment


def _content(chance: random.Random, block: int) -> bytes:
    size = chance.choice([0, 1, 100, block - 1, block, block + 1, 2 * block, 3 * block + 77])
    kind = chance.random()
    if kind < 0.3:
        return bytes(size)
    if kind < 0.6:
        return chance.randbytes(size)
    return (b"%d words " % chance.randrange(1000) * (size // 6 + 1))[:size]


class _Maker:
    def __init__(
        self, chance: random.Random, contents: list[bytes], *, upper: bool, plain: bool = False
    ) -> None:
        self._plain = plain
        self._chance = chance
        self._contents = contents
        self._upper = upper
        self._files: list[Path] = []

    def fill(self, tree: Path) -> None:
        """Fill a directory, then give it its own attributes."""
        tree.mkdir(exist_ok=True)
        self._directory(tree, depth=0)
        if self._chance.random() < 0.08:
            self._crowd(tree)

    def _directory(self, directory: Path, *, depth: int) -> None:
        for name in self._chance.sample(NAMES, self._chance.randint(0, 7)):
            self._entry(directory / name, depth)
        self._dress(directory)
        if self._upper and depth and self._chance.random() < 0.25:
            os.setxattr(directory, OPAQUE, b"y")

    def _crowd(self, tree: Path) -> None:
        # Enough names for an index, and more inodes than one block has.
        crowd = tree / "crowd"
        shutil.rmtree(crowd) if crowd.is_dir() and not crowd.is_symlink() else crowd.unlink(missing_ok=True)
        crowd.mkdir()
        for number in range(self._chance.choice([300, 700, 2000])):
            path = crowd / f"{number:05}{'x' * self._chance.randint(0, 60)}"
            if self._chance.random() < 0.9:
                path.touch()
            else:
                path.mkdir()
            os.utime(path, (7, 7))

    def _entry(self, path: Path, depth: int) -> None:
        chance = self._chance
        kind = chance.choices(
            ["dir", "file", "link", "symlink", "whiteout", "special", "sparse"],
            [30 if depth < 4 else 0, 30, 8, 8, 0 if self._plain else 12 if self._upper else 1, 8, 5],
        )[0]
        if kind == "dir":
            path.mkdir()
            self._directory(path, depth=depth + 1)
            return
        if kind == "whiteout":
            os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(0, 0))
            return
        if kind == "link" and self._files:
            os.link(chance.choice(self._files), path, follow_symlinks=False)
            return
        if kind == "symlink":
            path.symlink_to(chance.choice(["a", "../x", "/etc/passwd", "t/" * 150]))
        elif kind == "special":
            types = (stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK)
            os.mknod(
                path,
                chance.choice(types) | 0o600,
                os.makedev(chance.randint(1, 4000), chance.randint(0, 300000)),
            )
        elif kind == "sparse":
            with path.open("wb") as stream:
                stream.truncate(chance.randint(1, 400_000))
                stream.seek(chance.randint(0, 200_000))
                stream.write(b"island")
        else:
            path.write_bytes(chance.choice(self._contents))
        self._files.append(path)
        self._dress(path)

    def _dress(self, path: Path) -> None:
        chance = self._chance
        link = path.is_symlink()
        os.chown(path, chance.choice(IDS), chance.choice(IDS), follow_symlinks=False)
        if not link:
            path.chmod(chance.choice(MODES))
        for name, value in ATTRIBUTES.items():
            # Links and devices have no user attributes (xattr(7)).
            plain = not link and (path.is_file() or path.is_dir())
            if chance.random() < 0.08 and not link and (plain or name.startswith("trusted.")):
                os.setxattr(path, name, value)
        os.utime(path, (0, chance.choice([0, 1, 946684800, 2**31 - 1, 2**32 - 1])), follow_symlinks=False)
