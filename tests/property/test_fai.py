"""Whatever a file of FAI holds: a document that loads, or faults with places. Never anything else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modpkg.errors import DocumentError
from modpkg.formats import yaml
from modpkg.formats.documents import validate
from modpkg.formats.fai_import import import_setup_storage
from modpkg.formats.setup_storage import size_bytes
from modpkg.model.disks import Disks

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
WORDS = st.sampled_from(
    [
        *("disk_config", "disk1", "disk2", "sda", "/dev/sdb", "nvme0n1", "lvm", "raid", "tmpfs", "end"),
        *("primary", "logical", "raw-disk", "raid0", "raid1", "raid5", "vg", "data", "data-a", "data-b"),
        *("-", "/", "/var", "/scratch", "swap", "/a:encrypt", "10G", "10G-", "1G-2G", "0", "50%", "RAM:10%"),
        *("ext4", "xfs", "ext3", "vfat", "rw", "noatime", "disk1.1,disk2.1", "sda1", "disk1.1:spare"),
        *("disklabel:gpt", "sameas:disk1", "bootable:1", 'createopts="-m 0"', '"', "#", "preserve_always:1"),
    ]
)
LINES = st.lists(WORDS, min_size=1, max_size=7).map(" ".join)
SIZES: SearchStrategy[str] = st.from_regex(r"[0-9]{1,4}([kKMGTP](iB|B)?|B)?", fullmatch=True)


def outcome(path: Path, content: str) -> str:
    path.write_text(content, encoding="utf-8")
    try:
        return import_setup_storage(path)
    except DocumentError as error:
        faults = error.problems
    assert faults
    assert all(problem.line > 0 for problem in faults)
    return ""


@given(lines=st.lists(LINES, max_size=8))
@in_one_folder
def test_lines_of_known_words_give_a_document_or_faults(tmp_path: Path, lines: list[str]) -> None:
    text = outcome(tmp_path / "COMPUTE", "\n".join(lines))
    if text:
        assert validate(Path("x"), yaml.parse(text, file="x"), Disks).problems == ()


@given(content=st.text(st.characters(exclude_categories=("Cs",)), max_size=120))
@in_one_folder
def test_any_text_gives_a_document_or_faults(tmp_path: Path, content: str) -> None:
    outcome(tmp_path / "COMPUTE", content)


@given(
    sizes=st.lists(SIZES, min_size=1, max_size=5),
    mounts=st.lists(
        st.from_regex(r"/[a-z0-9_.A-Z]{1,12}", fullmatch=True), min_size=5, max_size=5, unique_by=str.lower
    ),
)
@in_one_folder
def test_partitions_are_as_large_as_was_said(tmp_path: Path, sizes: list[str], mounts: list[str]) -> None:
    lines = [f"primary {mount}x {size} ext4 rw" for mount, size in zip(mounts, sizes, strict=False)]
    text = outcome(tmp_path / "COMPUTE", "\n".join(["disk_config sda disklabel:gpt", *lines]))
    if not text:
        return
    document = validate(Path("x"), yaml.parse(text, file="x"), Disks).document
    assert document is not None
    made = [int(part.size.removesuffix("MiB")) << 20 for part in document.disks["sda"].partitions]
    wanted = [size_bytes(size) or 0 for size in sizes]
    assert all(want <= got < max(want, 1) + (1 << 20) for want, got in zip(wanted, made, strict=True))
