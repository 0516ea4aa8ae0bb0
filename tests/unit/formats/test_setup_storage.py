import pytest

from modpkg.formats.setup_storage import read_sections, size_bytes
from modpkg.formats.text import Text


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500", 500 << 20),
        ("500B", 500),
        ("4k", 4096),
        ("4K", 4096),
        ("4KiB", 4096),
        ("4kB", 4000),
        ("1M", 1 << 20),
        ("1MiB", 1 << 20),
        ("1MB", 10**6),
        ("10G", 10 << 30),
        ("10GB", 10**10),
        ("2T", 2 << 40),
        ("1PB", 10**15),
        ("1.5G", None),
        ("10g", None),
        ("10iB", None),
        ("50%", None),
        ("", None),
        ("-", None),
    ],
)
def test_sizes_are_read_as_fai_reads_them(text: str, size: int | None) -> None:
    assert size_bytes(text) == size


def test_words_keep_their_places_and_their_quotes() -> None:
    text = Text.of('disk_config sda\n  primary /a 1G ext4 rw createopts="-L a b" # why\n', file="x")
    (section,), problems = read_sections(text)
    assert problems == []
    (volume,) = section.volumes
    assert (volume.mount.text, volume.mount.place) == ("/a", (2, 11))
    assert [word.text for word in volume.extra] == ['createopts="-L a b"']


def test_what_follows_an_end_belongs_to_no_section() -> None:
    sections, problems = read_sections(
        Text.of("disk_config sda\ndisk_config end\nprimary - 1 - -\n", file="x")
    )
    assert len(sections) == 1
    assert [problem.line for problem in problems] == [3]
