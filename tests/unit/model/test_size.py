import re

import pytest

from modpkg.model.size import SIZE_PATTERN, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("150 MB", 150_000_000),
        ("1.5 GB", 1_500_000_000),
        ("0.001 kB", 1),
        ("0.0015 kB", None),
        ("900 kB", 900_000),
        ("1 KiB", 1024),
        ("150 MiB", 157_286_400),
        ("1.5 GiB", 1_610_612_736),
        ("999999.999 MB", 999_999_999_000),
    ],
)
def test_a_size_is_a_number_and_a_unit(text: str, size: int | None) -> None:
    if size is None:
        assert not re.fullmatch(SIZE_PATTERN, text)
    else:
        assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "150",
        "150MB",
        "150 mb",
        "150 M",
        "150  MB",
        "-1 MB",
        "01 MB",
        "1,5 GB",
        "1. GB",
        "1e3 kB",
        "0 MB",
        " 1 MB",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)
