"""Paths that no module holds: traces of the machine that built it, secrets, what every boot makes anew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

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
BYTE_CODE: Final = "__pycache__"


@dataclass(frozen=True, slots=True)
class Matcher:
    """Patterns of paths: of those where a file goes, and of those where anything does."""

    files: re.Pattern[str]
    anything: re.Pattern[str]

    @classmethod
    def of(cls, patterns: Sequence[str]) -> Matcher:
        """Compile patterns; paths are relative to the root of a tree."""
        return cls(
            files=_compiled([pattern for pattern in patterns if not pattern.endswith("/")]),
            anything=_compiled([pattern[:-1] for pattern in patterns if pattern.endswith("/")]),
        )

    def matches(self, path: str, *, is_file: bool) -> bool:
        """Tell whether what lies at a path goes. Directories and symlinks are no files."""
        return bool(self.anything.fullmatch(path) or (is_file and self.files.fullmatch(path)))


def why_left_out(path: str, *, is_file: bool) -> tuple[str, str] | None:
    """Give why no module can hold an absolute path, and the way out; None where one can."""
    relative = path.lstrip("/")
    if _secrets().matches(relative, is_file=is_file):
        return "is a secret, which every node or site makes for itself", "put it into recipes/site"
    if _dropped().matches(relative, is_file=is_file) or (is_file and relative == EMPTIED):
        hint = "what a site says goes into recipes/site; what each boot makes, a file in /usr/lib/tmpfiles.d says"
        return "is left out of every module: it belongs to the machine that runs", hint
    return None


@cache
def _secrets() -> Matcher:
    return Matcher.of(SECRETS)


@cache
def _dropped() -> Matcher:
    return Matcher.of(DROPPED)


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
