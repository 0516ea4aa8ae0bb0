"""What a build leaves in a tree and no image may hold: traces of the machine, secrets.

Only paths inside the tree are looked at: symlinks are removed, never followed.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.host.files import remove_tree
from modpkg.model.left_out import DROPPED, EMPTIED, SECRETS, Matcher

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def drop(tree: Path) -> tuple[str, ...]:
    """Remove what no module may hold, empty etc/machine-id; gives the paths removed, sorted."""
    machine_id = tree / EMPTIED
    if not machine_id.is_symlink() and machine_id.is_file():
        os.truncate(machine_id, 0)
    return _remove(tree, DROPPED)


def remove_secrets(tree: Path) -> tuple[str, ...]:
    """Remove keys that must be made on each node or site; gives the paths removed, sorted."""
    return _remove(tree, SECRETS)


def _remove(tree: Path, patterns: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(_removed(tree, Matcher.of(patterns))))


def _removed(tree: Path, matcher: Matcher) -> Iterator[str]:
    for folder, directories, names in os.walk(tree):
        here = Path(folder)
        for name in [*directories, *names]:
            path = here / name
            relative = path.relative_to(tree).as_posix()
            if matcher.anything.fullmatch(relative):
                _remove_anything(path)
            elif not (matcher.files.fullmatch(relative) and _is_file(path)):
                continue
            else:
                path.unlink()
            yield relative
        directories[:] = [name for name in directories if (here / name).is_dir()]


def _is_file(path: Path) -> bool:
    mode = path.lstat().st_mode
    return not (stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def _remove_anything(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
    else:
        remove_tree(path)
