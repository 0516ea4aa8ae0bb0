from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from modpkg.rootfs.changelogs import newest_changes

if TYPE_CHECKING:
    from pathlib import Path


def entry(package: str, version: str, change: str) -> str:
    author = " -- Ada <ada@example.org>  Sat, 01 Nov 2025 10:00:00 +0000"
    return f"{package} ({version}) bookworm; urgency=medium\n\n  * {change}\n\n{author}\n"


def put(tree: Path, package: str, name: str, text: str) -> None:
    path = tree / "usr/share/doc" / package / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()))


def test_the_newest_entries_of_each_package_in_the_order_of_names(tmp_path: Path) -> None:
    zlib = [entry("zlib", f"1.{number}-1", f"Change {number}.") for number in (5, 4, 3)]
    put(tmp_path, "zlib1g", "changelog.Debian.gz", "\n".join(zlib))
    put(tmp_path, "base-files", "changelog.gz", entry("base-files", "12", "Native."))
    found = newest_changes(tmp_path, ["zlib1g", "base-files"], entries=2)
    assert found == "\n".join([entry("base-files", "12", "Native."), zlib[0] + "\n" + zlib[1]])


def test_the_packager_s_changelog_wins_over_that_of_the_program(tmp_path: Path) -> None:
    put(tmp_path, "munge", "changelog.gz", "Version 0.5.15\n- Fixed things.\n")
    put(tmp_path, "munge", "changelog.Debian.gz", entry("munge", "0.5.15-2", "Packaged."))
    assert newest_changes(tmp_path, ["munge"]) == entry("munge", "0.5.15-2", "Packaged.")


def test_nothing_is_said_without_a_changelog_that_can_be_read(tmp_path: Path) -> None:
    put(tmp_path, "free-text", "changelog.gz", "Version 0.5.15\n- Fixed things.\n")
    damaged = tmp_path / "usr/share/doc/damaged/changelog.Debian.gz"
    damaged.parent.mkdir()
    damaged.write_bytes(gzip.compress(entry("damaged", "1-1", "Lost.").encode())[:-12])
    assert newest_changes(tmp_path, ["free-text", "damaged", "absent"]) == ""


def test_a_link_to_another_package_s_folder_is_not_told_twice(tmp_path: Path) -> None:
    put(tmp_path, "libc6", "changelog.Debian.gz", entry("glibc", "2.36-9", "Once."))
    (tmp_path / "usr/share/doc/libc-bin").symlink_to("libc6")
    assert newest_changes(tmp_path, ["libc-bin", "libc6"]) == entry("glibc", "2.36-9", "Once.")


def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "outside", "secret", "changelog.Debian.gz", entry("secret", "1-1", "Hidden."))
    folder = tmp_path / "tree/usr/share/doc/nosy"
    folder.mkdir(parents=True)
    (folder / "changelog.Debian.gz").symlink_to(tmp_path / "outside/usr/share/doc/secret/changelog.Debian.gz")
    assert newest_changes(tmp_path / "tree", ["nosy"]) == ""
