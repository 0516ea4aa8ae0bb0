"""A file and an image of more than 4 GiB, spliced, and read back by the kernel and by modpkg's reader.

It writes 9 GB and takes a minute on a quiet machine, so it has to be asked for: MODPKG_LARGE=1, as root.
"""

from __future__ import annotations

import os
import random
import shutil
from typing import TYPE_CHECKING

import pytest

from modpkg.host.mounts import mounted
from modpkg.host.run import run
from modpkg.squashfs.pick import open_picker
from modpkg.squashfs.splice import SpliceLayer, splice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts: needs root"),
    pytest.mark.skipif("MODPKG_LARGE" not in os.environ, reason="MODPKG_LARGE=1 runs it: it writes 9 GB"),
]
MIB = 1 << 20
GIB = 1 << 30
WHOLE_MIB = 4 * 1024 + 200
SPARSE_BYTES = 5 * GIB + 12345
SPARSE_DATA = {0: b"first", 4 * GIB - 3: b"across 4 GiB", SPARSE_BYTES - 4: b"last"}
# Not compressed: it would take minutes, and the places of blocks are what is tested.
STORED = ("-noD", "-noF", "-no-duplicates", "-noappend", "-quiet", "-no-progress", "-comp", "zstd")


def pieces() -> Iterator[bytes]:
    """Give the large file's content, a MiB at a time, each another and none compressible."""
    noise = random.Random(4).randbytes(MIB - 8)  # noqa: S311 - no secret
    for number in range(WHOLE_MIB):
        yield number.to_bytes(8, "little") + noise


@pytest.fixture
def layers(tmp_path: Path) -> list[SpliceLayer]:
    """Give two fragments: one of a large file, one of a sparse one and of a file that lies behind all others."""
    whole, upper = tmp_path / "whole", tmp_path / "upper"
    (whole / "data").mkdir(parents=True)
    with (whole / "data/whole").open("wb") as stream:
        stream.writelines(pieces())
    run(["mksquashfs", whole, tmp_path / "whole.squashfs", *STORED])
    shutil.rmtree(whole)
    (upper / "data").mkdir(parents=True)
    with (upper / "data/sparse").open("wb") as stream:
        stream.truncate(SPARSE_BYTES)
        for place, content in SPARSE_DATA.items():
            stream.seek(place)
            stream.write(content)
    (upper / "data/behind").write_bytes(random.Random(5).randbytes(3 * MIB + 5))  # noqa: S311 - no secret
    run(["mksquashfs", upper, tmp_path / "upper.squashfs", *STORED])
    return [SpliceLayer(name=name, path=tmp_path / f"{name}.squashfs") for name in ("whole", "upper")]


def test_a_file_and_an_image_of_more_than_4_gib_are_read_by_the_kernel(
    layers: list[SpliceLayer], tmp_path: Path
) -> None:
    image = tmp_path / "image.squashfs"
    size = splice(layers, image, time=0).size
    assert size == image.stat().st_size > WHOLE_MIB * MIB > 4 * GIB
    mount, upper = tmp_path / "mount", tmp_path / "upper/data"
    with mounted(image, mount, kind="squashfs", options="loop,ro"):
        with (mount / "data/whole").open("rb") as stream:
            assert all(stream.read(MIB) == piece for piece in pieces())
            assert stream.read() == b""
        assert (mount / "data/behind").read_bytes() == (upper / "behind").read_bytes()
        with (mount / "data/sparse").open("rb") as stream:
            assert os.fstat(stream.fileno()).st_size == SPARSE_BYTES
            for place, content in SPARSE_DATA.items():
                stream.seek(max(place - 100, 0))
                assert stream.read(min(place, 100) + len(content)) == bytes(min(place, 100)) + content
            stream.seek(2 * GIB)
            assert stream.read(MIB) == bytes(MIB)
    with open_picker(image) as picker:
        assert picker.size("data/sparse") == SPARSE_BYTES
        for place, content in SPARSE_DATA.items():
            assert picker.read_span("data/sparse", place, place + len(content)) == content
        last = (WHOLE_MIB - 1) * MIB
        assert picker.read_span("data/whole", last, last + 8) == (WHOLE_MIB - 1).to_bytes(8, "little")
        assert picker.read("data/behind") == (upper / "behind").read_bytes()
