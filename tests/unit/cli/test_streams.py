import io
import os
from pathlib import Path

import pytest

from modpkg.cli.streams import has_reader, usable, write_if_possible, write_line
from modpkg.errors import ModpkgError


def test_a_line_is_written_at_once(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stream:
        assert write_line(stream, "hello")
        assert (tmp_path / "out").read_text() == "hello\n"


def test_nothing_is_no_empty_line(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stream:
        assert write_line(stream, "")
    assert (tmp_path / "out").read_text() == ""


def test_without_a_reader_it_says_so_once_and_never_raises() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        assert not write_line(stream, "hello")
        assert write_line(stream, "again")


def test_what_was_written_before_the_reader_left_is_no_error_later() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        stream.write("still in the buffer")
        assert write_line(usable(stream), "hello")


def test_what_a_stream_cannot_encode_is_escaped(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as stream:
        assert write_line(usable(stream), "w\xf6rk \udcff")
    assert (tmp_path / "out").read_text() == "w\\xf6rk \\udcff\n"


def test_a_closed_stream_swallows_all() -> None:
    assert write_line(usable(None), "hello")


def test_a_pipe_tells_whether_somebody_may_read() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        assert has_reader(stream)
        os.close(reader)
        assert not has_reader(stream)
    assert has_reader(io.StringIO())


def test_a_full_disk_is_told_once_and_leaves_nothing_to_be_written() -> None:
    stream = Path("/dev/full").open("w")  # noqa: SIM115 - closing it is what is tested
    stream.write("still in the buffer")
    with pytest.raises(ModpkgError, match="cannot write the output: No space left on device"):
        write_line(stream, "hello")
    assert write_line(usable(stream), "again")
    stream.close()


def test_what_cannot_be_written_need_not_be() -> None:
    with Path("/dev/full").open("w") as stream:
        write_if_possible(stream, "hello")
