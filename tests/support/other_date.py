"""Another date for all programs of a build, inside its root and outside.

The kernel has one clock, and a build gives its programs an environment of its own, so neither a time namespace nor
a variable can do it. But modpkg finds programs by a fixed search path, /usr/local/sbin first. There, in a mount
namespace of the test, are programs of these names that set libfaketime's variables and call the real ones. In the
root of a build the library comes and goes with the program, in mmdebstrap's with its /proc. modpkg itself knows
nothing of it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

LIBRARY: Final = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
# setpriv begins the worker of a build; the others are all that it runs and that could ask for the date.
FAKED: Final = ("depmod", "mksquashfs", "mmdebstrap", "setpriv", "unsquashfs")
# How those that work in a root are told which.
ROOTS: Final = {
    "apt-get": """$(sed -n 's/^DPkg::Chroot-Directory "\\(.*\\)";$/\\1/p' "${APT_CONFIG:-/dev/null}")""",
    "chroot": '"$1"',
}
FAKE: Final = """\
#!/bin/sh
export LD_PRELOAD={library} FAKETIME={offset} NO_FAKE_STAT=1 FAKETIME_DONT_FAKE_MONOTONIC=1
exec {program} "$@"
"""
FAKE_IN_ROOT: Final = """\
#!/bin/sh
root={root}
if [ -n "$root" ] && [ -d "$root/var/lib/dpkg" ] && [ ! -e "$root{library}" ]; then
    mkdir -p "$root{directory}"
    cp {library} "$root{library}"
else
    root=
fi
LD_PRELOAD={library} FAKETIME={offset} NO_FAKE_STAT=1 FAKETIME_DONT_FAKE_MONOTONIC=1 {program} "$@"
status=$?
[ -z "$root" ] || rm -rf "$root{directory}"
exit $status
"""
# The library is copied, not mounted: a lazy unmount of the root could not take a mount away.
MOUNT: Final = """\
#!/bin/sh
{program} "$@" || exit
for last; do :; done
root=${{last%/proc}}
if [ "$root" != "$last" ] && [ -d "$root/var/lib/dpkg" ]; then
    mkdir -p "$root{directory}"
    cp {library} "$root{library}"
fi
"""
UMOUNT: Final = """\
#!/bin/sh
for last; do :; done
root=${{last%/proc}}
if [ "$root" != "$last" ]; then
    rm -rf "$root{directory}"
fi
exec {program} "$@"
"""


def write_programs(directory: Path, *, offset: str) -> Path:
    """Write the programs; `offset` is libfaketime's, such as +400d."""
    directory.mkdir(parents=True)
    texts = {**dict.fromkeys(FAKED, FAKE), **dict.fromkeys(ROOTS, FAKE_IN_ROOT)}
    for name, text in {**texts, "mount": MOUNT, "umount": UMOUNT}.items():
        program = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
        facts = {"program": program, "library": LIBRARY, "directory": LIBRARY.parent, "offset": offset}
        facts |= {"root": ROOTS.get(name)}
        (directory / name).write_text(text.format(**facts))
        (directory / name).chmod(0o755)
    return directory
