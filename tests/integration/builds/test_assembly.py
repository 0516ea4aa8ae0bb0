"""The image of the small platform's modules: one whole system, as dpkg, the linker and the kernel see it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from modpkg.host.run import Completed, run
from modpkg.pipeline.build_modules import read_built
from tests.support.small_platform import KERNEL, MODULES
from tests.support.small_store import Small

pytestmark = [pytest.mark.programs, pytest.mark.network]


@pytest.fixture(scope="module")
def root(small: Small, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    tree = tmp_path_factory.mktemp("image") / "root"
    run(["unsquashfs", "-no-progress", "-quiet", "-dest", tree, small.image / "root.squashfs"])
    yield tree
    run(["rm", "-rf", tree])


def inside(root: Path, *words: str) -> Completed:
    return run(["chroot", root, *words])


def test_dpkg_finds_no_fault(root: Path) -> None:
    completed = inside(root, "dpkg", "--audit")
    assert (completed.stdout, completed.stderr) == ("", "")


def test_dpkg_lists_all_packages_of_all_modules(small: Small, root: Path) -> None:
    workshop = small.workshop()
    packages = [package for name in MODULES for package in read_built(workshop, name).packages]
    listed = inside(
        root, "dpkg-query", "--show", "--showformat", "${db:Status-Abbrev} ${Package} ${Version}\n"
    )
    assert listed.stdout.splitlines() == sorted(f"ii  {one.name} {one.version}" for one in packages)
    rows = [line for line in inside(root, "dpkg", "-l").stdout.splitlines() if line.startswith("ii ")]
    assert len(rows) == len(packages)


def test_files_that_are_there_are_as_their_packages_have_them(root: Path) -> None:
    lines = run(["chroot", root, "dpkg", "--verify"], check=False).stdout.splitlines()
    # What was left out is missing; what is there has the sums of its package. (/usr/lib/os-release tells the image.)
    changed = [line for line in lines if not line.startswith("missing") and "os-release" not in line]
    assert changed == []


def test_every_account_has_one_line_everywhere(root: Path) -> None:
    for table in ("passwd", "group", "shadow", "gshadow"):
        names = [line.split(":")[0] for line in (root / "etc" / table).read_text().splitlines()]
        assert len(names) == len(set(names))
        assert "munge" in names
    assert inside(root, "id", "munge").stdout == "uid=405(munge) gid=405(munge) groups=405(munge)\n"
    assert inside(root, "pwck", "--read-only", "--quiet").stdout == ""


def test_programs_of_each_module_run(root: Path) -> None:
    assert inside(root, "hello").stdout == "Hello, world!\n"
    assert inside(root, "probe").stdout == "Hello, world!\n"
    assert "munge" in inside(root, "munge", "--version").stdout
    assert inside(root, "awk", "BEGIN { print 1 }").stdout == "1\n"


def test_the_image_says_what_it_is(small: Small, root: Path) -> None:
    about = json.loads((small.image / "image.json").read_text())
    assert f'IMAGE_VERSION="{about["image"]["version"]}"' in (root / "etc/os-release").read_text()
    assert about["kernel"] == KERNEL
    assert about["waits_for_site"] == ["munge.service"]
    assert run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=small.image).stdout == ""
