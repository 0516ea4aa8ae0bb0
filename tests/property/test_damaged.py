"""Damaged fragments: refused by name or spliced right; never another exception, a hang, or a wrong image.

`--mutations N` says how many. Bits of data blocks are not looked at: they are copied as they are, and
digests guard them.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.host.run import run
from modpkg.squashfs.read import open_image
from modpkg.squashfs.splice import SpliceLayer, write_splice
from tests.support.layers import Shape, fill_plain, pack
from tests.support.mutations import mutate
from tests.support.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(os.geteuid() != 0, reason="makes devices: needs root"),
]
CHUNKS: Final = 8
MOST_SECONDS: Final = 10
# Unpacking takes long: one of so many accepted images is compared by content too.
CONTENT_EVERY: Final = 10
UNSQUASH: Final = ["-no-progress", "-processors", "1"]


@pytest.fixture(scope="module")
def fragments(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Give undamaged images: stored metadata, where a mutation hits a field, and compressed ones."""
    place = tmp_path_factory.mktemp("fragments")
    stored = ["-noI", "-noX", "-noF"]
    found = []
    for number, (compressor, options) in enumerate(
        [
            ("zstd", stored),
            ("gzip", [*stored, "-no-fragments", "-no-exports"]),
            ("xz", []),
            ("lz4", []),
            ("zstd", []),
        ]
    ):
        tree = place / f"tree{number}"
        tree.mkdir()
        fill_plain(tree, random.Random(number))  # noqa: S311 - no secret
        shape = Shape(compressor=compressor, block_size=4096, options=options)
        found.append(pack(tree, place / f"{number}.squashfs", shape).read_bytes())
    return found


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_damaged_fragments_are_refused_or_right(
    tmp_path: Path, fragments: list[bytes], chunk: int, request: pytest.FixtureRequest
) -> None:
    accepted = refused = 0
    for seed in range(chunk, request.config.getoption("--mutations"), CHUNKS):
        # Half of them on those with stored metadata.
        image = fragments[seed // CHUNKS % 2] if seed // CHUNKS % 4 < 2 else fragments[seed // CHUNKS % 5]
        damaged = tmp_path / "damaged.squashfs"
        damaged.write_bytes(mutate(image, seed))
        with _in_time(seed):
            if not _spliced(damaged, tmp_path, seed):
                refused += 1
                continue
        accepted += 1
        _compare(damaged, tmp_path, seed, content=accepted % CONTENT_EVERY == 0)
    print(f"accepted {accepted}, refused {refused}")  # noqa: T201 - shown by -s: what a long run found
    assert accepted
    assert refused


@contextmanager
def _in_time(seed: int) -> Iterator[None]:
    def late(*_: object) -> None:
        pytest.fail(f"seed {seed}: more than {MOST_SECONDS} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)


def _spliced(damaged: Path, place: Path, seed: int) -> bool:
    try:
        write_splice([SpliceLayer(name="the damaged one", path=damaged)], place / "image.squashfs", time=0)
    except BadInputError as error:
        if error.where != "the damaged one":
            pytest.fail(f"seed {seed}: {error}")
        return False
    except Exception as error:  # noqa: BLE001 - that there is none is what is tested
        pytest.fail(f"seed {seed}: {type(error).__name__}: {error}")
    try:
        with open_image(damaged) as image:
            for path, entry in image.tree.paths.items():
                if entry.kind == "file" and entry.size < 1 << 20:
                    image.read(path)
    except ModpkgError:
        pass  # blocks are not read by splice
    return True


def _compare(damaged: Path, place: Path, seed: int, *, content: bool) -> None:
    # What unsquashfs says of both. It takes less than the kernel: where it refuses, it is no judge.
    words = ["unsquashfs", *UNSQUASH, "-lln"]
    before = run([*words, damaged], check=False)
    if before.returncode != 0:
        return
    after = run([*words, place / "image.squashfs"])
    assert _without_sizes(after.stdout) == _without_sizes(before.stdout), f"seed {seed}"
    if content:
        trees = []
        for image, name in ((damaged, "before"), (place / "image.squashfs", "after")):
            trees.append(place / name)
            shutil.rmtree(trees[-1], ignore_errors=True)
            done = run(["unsquashfs", *UNSQUASH, "-quiet", "-dest", trees[-1], image], check=False)
            if done.returncode != 0:
                return
        assert snapshot(trees[1]) == snapshot(trees[0]), f"seed {seed}"


def _without_sizes(listing: str) -> str:
    # That of a directory is how long its list of names is, which depends on where inodes lie.
    return re.sub(r"^(d\S+ \d+/\d+) +\d+ ", r"\1 ", listing, flags=re.MULTILINE)
