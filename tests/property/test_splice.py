"""The kernel as the judge: a mount of the splice against overlayfs over the same fragments.

unsquashfs is the second reader.
`--seeds N` says how many random stacks of layers there are.
"""

from __future__ import annotations

import os
import random
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from modpkg.host.files import digest_file
from modpkg.host.mounts import mounted, overlay
from modpkg.host.run import run
from modpkg.squashfs.read import open_image
from modpkg.squashfs.splice import SpliceLayer, splice
from tests.support.layers import Layers, make_layers
from tests.support.snapshot import snapshot

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts and makes devices: needs root"),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(metafunc.config.getoption("--seeds")))


def test_the_kernel_sees_in_a_splice_what_overlayfs_makes_of_the_layers(tmp_path: Path, seed: int) -> None:
    made = make_layers(tmp_path, seed)
    with ExitStack() as stack:
        lower = [_mount(stack, fragment, tmp_path / f"mount{n}") for n, fragment in enumerate(made.fragments)]
        union = tmp_path / "union"
        stack.enter_context(overlay(union, lower=lower[::-1]))
        excluded = _chosen(seed, snapshot(union))
        expected = snapshot(union, without=excluded)
        digests = made.digests if seed % 2 else [{} for _ in made.fragments]
        image = _spliced(tmp_path / "image.squashfs", made, digests, excluded)
        found = snapshot(_mount(stack, image, tmp_path / "spliced"))
    assert found == expected, f"seed {seed}, {made.shape}"
    _check_other_readers(tmp_path, image, expected)
    again = _spliced(tmp_path / "again.squashfs", made, digests, excluded)
    assert digest_file(again) == digest_file(image)


def _mount(stack: ExitStack, image: Path, target: Path) -> Path:
    stack.enter_context(mounted(image, target, kind="squashfs", options="loop,ro"))
    return target


def _chosen(seed: int, paths: dict[str, tuple[object, ...]]) -> set[str]:
    chance = random.Random(seed)  # noqa: S311 - no secret
    names = sorted(set(paths) - {""})
    return set(chance.sample(names, min(2, len(names)))) if chance.random() < 0.3 else set()


def _spliced(path: Path, made: Layers, digests: list[dict[str, str]], excluded: set[str]) -> Path:
    layers = [
        SpliceLayer(name=fragment.name, path=fragment, digests=known)
        for fragment, known in zip(made.fragments, digests, strict=True)
    ]
    splice(layers, path, time=0, exclude=excluded)
    return path


def _check_other_readers(place: Path, image: Path, expected: dict[str, tuple[object, ...]]) -> None:
    tree = place / "unsquashed"
    run(["unsquashfs", "-quiet", "-no-progress", "-processors", "1", "-dest", tree, image])
    assert snapshot(tree) == expected
    with open_image(image) as opened:
        assert set(opened.tree.paths) == set(expected) - {""}
        for path, entry in opened.tree.paths.items():
            if entry.kind == "file":
                assert opened.read(path) == (tree / path).read_bytes()
