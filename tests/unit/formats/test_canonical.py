from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any

import pytest

from modpkg.errors import BadInputError
from modpkg.formats.canonical import canonical_json, digest_of, read_record, write_record
from modpkg.host.files import digest_file
from modpkg.model.lock import LockedPackage, PlatformLock
from modpkg.model.recipe import FileInfo, Services

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.document import Record

SHA = "0" * 64
PACKAGE = LockedPackage(
    name="munge",
    version="0.5.15-2",
    architecture="amd64",
    source="munge",
    source_version="0.5.15-2",
    mirror="debian",
    path="pool/main/m/munge/munge_0.5.15-2_amd64.deb",
    size=100,
    sha256=SHA,
)
LOCK = PlatformLock(platform="bookworm", architecture="amd64", inputs=SHA, modules={"slurm": (PACKAGE,)})


def failure(path: Path, text: str | bytes, model: type[Record] = PlatformLock) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadInputError) as raised:
        read_record(path, model, hint="invoke lock-platform bookworm")
    assert raised.value.where == str(path)
    return raised.value.what


def test_text_is_sorted_indented_and_ends_with_a_newline() -> None:
    assert canonical_json({"b": (1, None), "a": {"d": True, "c": "ä"}}) == (
        '{\n  "a": {\n    "c": "\\u00e4",\n    "d": true\n  },\n  "b": [\n    1,\n    null\n  ]\n}\n'
    )


def test_the_digest_is_that_of_the_compact_form() -> None:
    # printf '{"a":[1,2],"b":"x"}' | sha256sum
    digest = "d0f56dda38d34376527524ddd98f7ec117d5cbfb240f86e11bfb9d2d01a717d9"
    assert digest_of({"b": "x", "a": (1, 2)}) == digest


def test_boundaries_count() -> None:
    assert digest_of(["ab", "c"]) != digest_of(["a", "bc"])
    assert digest_of({"a": "1"}) != digest_of({"a": 1})
    assert digest_of([[], []]) != digest_of([[[]]])


def test_documents_have_the_keys_that_people_write() -> None:
    assert json.loads(canonical_json({"f": FileInfo(), "s": Services()})) == {
        "f": {"mode": "0644", "owner": "root", "group": "root"},
        "s": {"enable": [], "disable": [], "mask": []},
    }


@pytest.mark.parametrize("value", [math.nan, math.inf, [-math.inf]])
def test_numbers_that_json_does_not_have_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(value)
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest_of(value)


@pytest.mark.parametrize("value", [{1: "a"}, {"a": {None: 1}}, [{True: 1}], {"a": object()}, {"a": {1, 2}}])
def test_what_json_cannot_say_exactly_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        digest_of(value)


def test_a_record_comes_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "bookworm.lock"
    receipt = write_record(path, LOCK)
    assert read_record(path, PlatformLock) == LOCK
    assert (receipt.size, receipt.sha256) == (path.stat().st_size, digest_file(path))
    assert path.read_text() == canonical_json(LOCK)


def test_a_truncated_file_is_told(tmp_path: Path) -> None:
    text = canonical_json(LOCK)
    for length in range(0, len(text) - 1, 7):
        assert "it is not whole JSON" in failure(tmp_path / "l", text[:length])


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\x00", b'{"platform": "\xff"}'])
def test_a_file_of_other_bytes_is_told(tmp_path: Path, data: bytes) -> None:
    assert "it is not whole JSON" in failure(tmp_path / "l", data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"platform": None}, "platform: "),
        ({"inputs": "abc"}, "inputs: "),
        ({"colour": 1}, "colour: is an unknown field"),
        ({"modules": {"slurm": [{}]}}, "modules.slurm[0].name: is missing"),
        ({"format": "1"}, "cannot read format '1' of this file: this modpkg knows format 1"),
        ({"format": 2}, "cannot read format 2 of this file: this modpkg knows format 1"),
        ({"format": 2, "colour": 1}, "cannot read format 2"),
    ],
)
def test_a_file_that_says_something_else_names_the_field(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    text = json.dumps({**json.loads(canonical_json(LOCK)), **change})
    assert words in failure(tmp_path / "l", text)


def test_types_are_strict(tmp_path: Path) -> None:
    text = canonical_json(LOCK).replace('"size": 100', '"size": "100"')
    assert "modules.slurm[0].size: " in failure(tmp_path / "l", text)


@pytest.mark.parametrize("text", ["[]", "null", "5"])
def test_another_kind_of_json_is_told(tmp_path: Path, text: str) -> None:
    assert "the whole: " in failure(tmp_path / "l", text)


def test_a_pipe_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInputError) as caught:
        read_record(tmp_path / "pipe", PlatformLock, hint="invoke lock-platform small")
    assert str(caught.value) == (
        f"{tmp_path}/pipe: cannot read the file: it is no regular file\n  hint: invoke lock-platform small"
    )


def test_a_missing_file_has_the_hint_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as raised:
        read_record(tmp_path / "l", PlatformLock, hint="invoke lock-platform bookworm")
    assert str(raised.value).endswith("No such file or directory\n  hint: invoke lock-platform bookworm")


def test_json_without_a_bottom_is_refused(tmp_path: Path) -> None:
    assert "cannot read the file" in failure(tmp_path / "lock", "[" * 100_000)
