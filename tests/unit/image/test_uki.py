import re
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import ignore
from modpkg.host.run import run
from modpkg.image import uki
from modpkg.image.uki import Parts, SigningPair, find_stub, make_uki, without_time

pytestmark = pytest.mark.programs
WORDS = "quiet modpkg.image=root.squashfs modpkg.sha256=" + "ab" * 32


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    (tmp_path / "vmlinuz").write_bytes(b"kernel" * 1000)
    (tmp_path / "initrd").write_bytes(b"initrd" * 1000)
    return Parts(
        name="compute",
        version="12.0.3-67.cbdppkwfzz",
        architecture="amd64",
        kernel_release="6.1.0-42-amd64",
        command_line=WORDS,
        kernel=tmp_path / "vmlinuz",
        initrd=tmp_path / "initrd",
    )


def make(parts: Parts, destination: Path, *, signing: SigningPair | None = None) -> Path:
    work = destination.with_suffix(".work")
    work.mkdir()
    make_uki(parts, destination, work=work, signing=signing, sink=ignore)
    return destination


def section(program: Path, name: str) -> bytes:
    out = program.with_suffix(name)
    run(["objcopy", "--dump-section", f"{name}={out}", program, program.with_suffix(".copy")])
    return out.read_bytes()


def test_the_sections_are_what_the_stub_reads(parts: Parts, tmp_path: Path) -> None:
    program = make(parts, tmp_path / "compute.efi")
    assert section(program, ".cmdline").rstrip(b"\0") == WORDS.encode()
    assert section(program, ".linux").startswith(b"kernel" * 1000)
    assert section(program, ".initrd").startswith(b"initrd" * 1000)
    assert section(program, ".uname").rstrip(b"\0") == b"6.1.0-42-amd64"
    assert b'PRETTY_NAME="compute 12.0.3-67.cbdppkwfzz"\n' in section(program, ".osrel")


def test_no_section_lies_in_another(parts: Parts, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as stream:
        stream.truncate(40_000_000)
    program = make(replace(parts, kernel=large), tmp_path / "compute.efi")
    rows = re.findall(
        r"^ +\d+ (\.\w+) +([0-9a-f]+) +([0-9a-f]+)", run(["objdump", "-h", program]).stdout, re.MULTILINE
    )
    places = sorted((int(start, 16), int(size, 16), name) for name, size, start in rows)
    assert [name for _, _, name in places][-2:] == [".linux", ".initrd"]
    assert all(a[0] + a[1] <= b[0] for a, b in pairwise(places))


def test_equal_parts_are_equal_bytes_at_another_time(parts: Parts, tmp_path: Path) -> None:
    one = make(parts, tmp_path / "one.efi").read_bytes()
    time.sleep(1.1)
    assert make(parts, tmp_path / "two.efi").read_bytes() == one


def test_a_site_s_key_signs_it(parts: Parts, tmp_path: Path) -> None:
    pair = SigningPair(key=tmp_path / "key", certificate=tmp_path / "certificate")
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=site", "-days", "9"]
    run([*request, "-keyout", str(pair.key), "-out", str(pair.certificate)])
    pair.check()
    program = make(parts, tmp_path / "signed.efi", signing=pair)
    checked = run(["sbverify", "--cert", pair.certificate, program])
    assert "Signature verification OK" in checked.stdout


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="there is no such file"):
        SigningPair(key=tmp_path / "key", certificate=tmp_path / "certificate").check()


def test_a_command_line_that_does_not_fit_is_refused(parts: Parts, tmp_path: Path) -> None:
    with pytest.raises(ModpkgError, match=r"\.cmdline has 70,000 bytes"):
        make(replace(parts, command_line="x" * 70_000), tmp_path / "compute.efi")
    assert not (tmp_path / "compute.efi").exists()


def test_without_a_stub_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uki, "STUBS", {"amd64": tmp_path / "stub"})
    with pytest.raises(ModpkgError, match="systemd-boot-efi"):
        find_stub("amd64")
    with pytest.raises(BadInputError, match="amd64 is supported"):
        find_stub("arm64")


def test_what_is_no_program_is_refused() -> None:
    with pytest.raises(ModpkgError, match="objcopy wrote something else"):
        without_time(b"\0" * 100)
