"""Image builds that are killed or run out of room: the directory is whole or absent, and the next run finishes."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from modpkg.host.files import digest_file
from modpkg.host.run import Completed, run, running
from modpkg.model.module import Module
from tests.support.small_stack import NAMES
from tests.support.traces import traces_after

pytestmark = pytest.mark.programs
CHECKOUT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {"PYTHONPATH": str(CHECKOUT)}
# Parts of the time that a build takes: before, in and behind each of its steps.
PARTS = (0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97)


def command(stack: Path, store: Path, images: Path) -> list[str | Path]:
    return [sys.executable, "-m", "tests.support.image_of_stack", stack, store, images]


def sums(images: Path) -> dict[str, str]:
    (directory,) = images.iterdir()
    return {path.name: digest_file(path) for path in directory.iterdir()}


def test_killed_at_any_point_an_image_is_whole_or_absent(stack: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    run(command(stack, tmp_path / "store", tmp_path / "whole"), env=ENVIRONMENT)
    seconds = time.monotonic() - started
    wanted = sums(tmp_path / "whole")
    images = tmp_path / "images"
    for part in PARTS:
        words = ["setsid", *command(stack, tmp_path / "store", images)]
        with running(words, on_line=lambda _: None, env=ENVIRONMENT) as child:
            time.sleep(seconds * part)
            child.send_signal(signal.SIGKILL)
            child.wait()
        assert traces_after(tmp_path / "store") == []
        seen = (
            [path.name for path in images.iterdir() if not path.name.startswith(".")]
            if images.exists()
            else []
        )
        if seen:
            assert {path.name: digest_file(path) for path in (images / seen[0]).iterdir()} == wanted
            run(["rm", "-r", images / seen[0]])
    run(command(stack, tmp_path / "store", images), env=ENVIRONMENT)
    assert sums(images) == wanted
    assert list((tmp_path / "store/scratch").iterdir()) == []


def on_a_small_disk(stack: Path, place: Path, folder: str, size: str) -> Completed:
    """Build where one folder has a disk of its own."""
    script = f'mkdir -p "$1"; mount -t tmpfs -o size={size} tmpfs "$1" || exit 99; shift; "$@"; status=$?\n'
    script += f'find "{place / folder}" -mindepth 1 -not -name "*.lock" >"{place}/left"; exit $status\n'
    words = command(stack, place / "store", place / "images")
    around = ["unshare", "--mount", "--propagation=private", "sh", "-c", script, "sh", place / folder]
    return run([*around, *words], env=ENVIRONMENT, check=False)


@pytest.mark.parametrize("size", ["16k", "400k", "3m"])
def test_a_store_without_room_is_told_in_a_line_with_a_way_out(
    stack: Path, tmp_path: Path, size: str
) -> None:
    completed = on_a_small_disk(stack, tmp_path, "store/scratch", size)
    assert completed.returncode == 1
    assert "Traceback" not in completed.stderr
    assert "the disk" in completed.stderr or "No space left on device" in completed.stderr
    assert "hint: " in completed.stderr
    assert (tmp_path / "left").read_text() == ""
    assert not (tmp_path / "images").exists() or list((tmp_path / "images").iterdir()) == []


@pytest.mark.parametrize("size", ["4k", "1m"])
def test_images_without_room_are_told_in_a_line_with_a_way_out(
    stack: Path, tmp_path: Path, size: str
) -> None:
    completed = on_a_small_disk(stack, tmp_path, "images", size)
    assert completed.returncode == 1
    assert completed.stderr.count("\n") <= 2
    assert "No space left on device" in completed.stderr
    assert (tmp_path / "left").read_text() == ""


def test_a_module_that_is_damaged_in_the_store_is_named(stack: Path, tmp_path: Path) -> None:
    run(command(stack, tmp_path / "store", tmp_path / "first"), env=ENVIRONMENT)
    module = Module.model_validate_json((stack / f"{NAMES[2]}.json").read_bytes())
    digest = module.fragment.sha256
    blob = tmp_path / "store/blobs/sha256" / digest[:2] / digest
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes()[:300])
    completed = run(command(stack, tmp_path / "store", tmp_path / "images"), env=ENVIRONMENT, check=False)
    assert completed.returncode == 2
    assert NAMES[2] in completed.stderr
    assert "corrupt" in completed.stderr
    assert not (tmp_path / "images").exists()


def test_a_bit_that_the_store_lost_inside_a_file_is_seen(stack: Path, tmp_path: Path) -> None:
    run(command(stack, tmp_path / "store", tmp_path / "first"), env=ENVIRONMENT)
    module = Module.model_validate_json((stack / f"{NAMES[2]}.json").read_bytes())
    digest = module.fragment.sha256
    blob = tmp_path / "store/blobs/sha256" / digest[:2] / digest
    content = bytearray(blob.read_bytes())
    # Behind the superblock: the compressed content of its first file.
    content[96 + 20] ^= 1
    blob.chmod(0o644)
    blob.write_bytes(content)
    completed = run(command(stack, tmp_path / "store", tmp_path / "images"), env=ENVIRONMENT, check=False)
    assert completed.returncode == 1
    assert f"the fragment of {NAMES[2]} {module.version}: the store's copy is damaged" in completed.stderr
    assert str(blob) in completed.stderr
    assert not (tmp_path / "images").exists()


def test_a_kernel_that_is_not_what_its_module_says_is_not_taken(stack: Path, tmp_path: Path) -> None:
    shutil.copytree(stack, tmp_path / "stack")
    (about,) = (path for path in (tmp_path / "stack").glob("*.json") if '"boot/vmlinuz-' in path.read_text())
    module = Module.model_validate_json(about.read_bytes())
    path = f"boot/vmlinuz-{module.kernel}"
    line = module.paths[path]
    about.write_text(about.read_text().replace(line, f"{line[:-1]}{'1' if line[-1] == '0' else '0'}"))
    words = command(tmp_path / "stack", tmp_path / "store", tmp_path / "images")
    completed = run(words, env=ENVIRONMENT, check=False)
    assert completed.returncode == 2
    assert (
        f"cannot use the fragment of {module.name}: it is damaged: the sha256 of /{path}" in completed.stderr
    )
    assert module.fragment.sha256 in completed.stderr
    assert not (tmp_path / "images").exists()
