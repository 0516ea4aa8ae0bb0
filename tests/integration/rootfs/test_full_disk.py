"""A disk that is full while a command works: one line that names the file, a way out, nothing half made."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from modpkg.host.run import Completed, run

ROOT = Path(__file__).resolve().parents[3]
CODE = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from modpkg.cli.start import main; main()"
HINT = "  hint: free some space, or work elsewhere: --work DIR, --store DIR\n"

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is a mount, and needs root"),
]


def on_small_disk(checkout: Path, folder: str, *words: str, size: str) -> Completed:
    """Run modpkg where one folder of the checkout is on a disk of its own; what is left there is listed."""
    script = f"""
        mkdir -p "$CHECKOUT/{folder}"
        mount -t tmpfs -o size={size} tmpfs "$CHECKOUT/{folder}" || exit 99
        cd "$CHECKOUT"
        "$@"
        status=$?
        find "$CHECKOUT/{folder}" -type f -printf 'left %p %s\\n'
        exit $status
    """
    environment = {"CHECKOUT": str(checkout), "HOME": str(checkout), "MODPKG_STORE": str(checkout / "store")}
    program = ["bash", "-c", script, "bash", sys.executable, "-c", CODE, *words]
    return run(["unshare", "--mount", "--propagation=private", *program], env=environment, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    return tmp_path


def test_a_file_that_does_not_fit_is_named(checkout: Path) -> None:
    folder = checkout / "docs/reference/schemas"
    completed = on_small_disk(checkout, "docs/reference/schemas", "schemas", size="16k")
    assert completed.returncode == 1
    first, rest = completed.stderr.split("\n", 1)
    assert first.startswith(f"error: cannot write {folder}/")
    assert first.endswith(": No space left on device")
    assert rest == HINT


def test_programs_get_the_same_in_json(checkout: Path) -> None:
    completed = on_small_disk(checkout, "docs/reference/schemas", "schemas", "--output", "json", size="16k")
    assert '"what": "cannot write ' in completed.stdout
    assert '"exit_code": 1' in completed.stdout


def test_nothing_half_made_is_left(checkout: Path) -> None:
    completed = on_small_disk(checkout, "docs/reference/schemas", "schemas", size="16k")
    left = [line.split()[1] for line in completed.stdout.splitlines() if line.startswith("left ")]
    assert [name for name in left if Path(name).name.startswith(".")] == []
    assert all(name.endswith(".json") for name in left)
