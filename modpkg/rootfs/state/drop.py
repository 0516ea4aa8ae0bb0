"""What a build leaves in a tree and no image may hold: traces of the machine, secrets.

Only paths inside the tree are looked at: symlinks are removed, never followed.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.host.files import remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# "*" is within a directory, "**" is any depth. A pattern removes files, with a final slash directories and
# symlinks too.
DROPPED: Final = (
    # the other generation of databases, and their locks
    "etc/{passwd,group,shadow,gshadow,subuid,subgid}-",
    "etc/.pwd.lock",
    "var/lib/dpkg/{status,available,diversions,statoverride}-old",
    "var/lib/dpkg/{available,lock,lock-frontend,triggers/Lock}",
    "var/lib/dpkg/updates/*",
    "var/lib/ucf/{hashfile,registry}.*",
    "var/backups/**",
    # logs and caches; their directories stay
    "var/log/**",
    "var/cache/**",
    "var/cache/apt/**/",
    "var/lib/apt/**/",
    "var/lib/debconf/**",
    "etc/apt/apt.conf.d/99mmdebstrap",
    "**/__pycache__/",
    # what is written anew at boot
    "{dev,proc,sys}/**/",
    "run/**/",
    "tmp/**/",
    "var/tmp/**/",
    # an initrd that a package's script made, with its clock and its inodes: an image gets one of its own
    "boot/initrd.img-*",
    # start links of another init
    "etc/rc[0-6S].d/**/",
    # facts of the machine that built: its name, its resolver, its mirror
    "etc/hostname",
    "etc/resolv.conf",
    "etc/apt/sources.list",
    "etc/apt/sources.list.d/*",
    "var/lib/dbus/machine-id",
    "var/lib/systemd/random-seed",
)
EMPTIED: Final = "etc/machine-id"
SECRETS: Final = (
    "etc/ssh/ssh_host_*",
    "etc/munge/munge.key",
    "etc/corosync/authkey",
    "etc/pacemaker/authkey",
    "etc/slurm/{jwt_hs256,slurm}.key",
    "etc/krb5.keytab",
    "etc/ssl/private/*",
    "etc/iscsi/initiatorname.iscsi",
    "etc/nvme/{hostid,hostnqn}",
    "var/lib/pcsd/{pcsd.key,pcsd.cookiesecret,known-hosts,tokens}",
    "var/lib/systemd/credential.secret",
    "root/.ssh/id_*",
    "root/.{bash_history,rnd}",
)
WORDS: Final = re.compile(r"\*\*/|\*\*|\*|\{[^}]*\}|\[[^\]]*\]|.")


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
    files = _compiled([pattern for pattern in patterns if not pattern.endswith("/")])
    anything = _compiled([pattern[:-1] for pattern in patterns if pattern.endswith("/")])
    return tuple(sorted(_removed(tree, files, anything)))


def _removed(tree: Path, files: re.Pattern[str], anything: re.Pattern[str]) -> Iterator[str]:
    for folder, directories, names in os.walk(tree):
        here = Path(folder)
        for name in [*directories, *names]:
            path = here / name
            relative = path.relative_to(tree).as_posix()
            if anything.fullmatch(relative):
                _remove_anything(path)
            elif not (files.fullmatch(relative) and _is_file(path)):
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


def _compiled(patterns: Sequence[str]) -> re.Pattern[str]:
    # An empty alternative would match the empty path only, which no entry of a tree has.
    # DOTALL: a line break in a name is a character like others.
    expression = "|".join("".join(map(_regex, WORDS.findall(pattern))) for pattern in patterns)
    return re.compile(expression, re.DOTALL)


def _regex(word: str) -> str:
    match word[0], word:
        case _, "**/":
            return "(?:[^/]+/)*"
        case _, "**":
            return ".+"
        case _, "*":
            return "[^/]*"
        case "{", _:
            return "(?:" + "|".join(map(re.escape, word[1:-1].split(","))) + ")"
        case "[", _:
            return word
    return re.escape(word)
