"""The hash tree, held against the kernel's own description of it, computed here block by block."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.image.verity import BLOCK, write_verity

if TYPE_CHECKING:
    from pathlib import Path


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def make(tmp_path: Path, blocks: int) -> tuple[Path, list[bytes]]:
    content = [number.to_bytes(4, "big") * (BLOCK // 4) for number in range(blocks)]
    path = tmp_path / "root"
    path.write_bytes(b"".join(content))
    return path, content


def test_one_block_has_a_tree_of_one_block(tmp_path: Path) -> None:
    root, (block,) = make(tmp_path, 1)
    found = write_verity(root, tmp_path / "tree")
    tree = (tmp_path / "tree").read_bytes()
    assert tree == sha(block) + bytes(BLOCK - 32)
    assert found == sha(tree).hex()


def test_levels_lie_from_the_top_down_and_each_block_vouches_for_128(tmp_path: Path) -> None:
    root, blocks = make(tmp_path, 128 * 2 + 3)
    found = write_verity(root, tmp_path / "tree")
    tree = (tmp_path / "tree").read_bytes()
    assert len(tree) == BLOCK * 4
    top, leaves = tree[:BLOCK], tree[BLOCK:]
    assert b"".join(map(sha, blocks)) == leaves[: 32 * len(blocks)]
    assert leaves[32 * len(blocks) :] == bytes(BLOCK * 3 - 32 * len(blocks))
    assert top == b"".join(sha(leaves[n * BLOCK : (n + 1) * BLOCK]) for n in range(3)) + bytes(BLOCK - 96)
    assert found == sha(top).hex()


def test_a_changed_byte_changes_the_root_hash_and_an_equal_root_does_not(tmp_path: Path) -> None:
    root, _ = make(tmp_path, 300)
    first = write_verity(root, tmp_path / "tree")
    assert write_verity(root, tmp_path / "again") == first
    content = bytearray(root.read_bytes())
    content[-1] ^= 1
    root.write_bytes(content)
    assert write_verity(root, tmp_path / "tree") != first


@pytest.mark.parametrize("content", [b"", b"x" * (BLOCK + 1)])
def test_a_root_that_is_no_whole_blocks_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "root").write_bytes(content)
    with pytest.raises(ModpkgError, match="cannot make a hash tree"):
        write_verity(tmp_path / "root", tmp_path / "tree")
    assert not (tmp_path / "tree").exists()
