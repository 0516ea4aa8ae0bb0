import sys
from pathlib import Path

import pytest

from modpkg.host.run import run
from modpkg.initramfs.elf import needs_of

PYTHON = Path(sys.executable).resolve()


@pytest.mark.programs
def test_the_needs_are_those_that_the_loader_finds() -> None:
    needs = needs_of(PYTHON.read_bytes())
    listed = {line.split()[0] for line in run(["ldd", PYTHON]).stdout.splitlines()}
    assert needs.libraries
    assert set(needs.libraries) <= listed
    assert needs.loader in listed


def test_a_program_without_libraries_needs_nothing() -> None:
    needs = needs_of(Path("/usr/bin/busybox").read_bytes())
    assert (needs.loader, needs.libraries) == ("", ())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#!/bin/sh\n",
        b"\x7fELF\x01\x01" + bytes(100),
        PYTHON.read_bytes()[:60],
        PYTHON.read_bytes()[:200],
    ],
    ids=["empty", "script", "32 bits", "cut in the header", "cut in the table"],
)
def test_what_is_no_whole_elf_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="ELF"):
        needs_of(data)
