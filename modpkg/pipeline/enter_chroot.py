"""Lets people and package managers work in a chroot's tree: mounts and processes apart, no service started.

A program: `python -m modpkg.pipeline.enter_chroot TREE [COMMAND]`, run inside namespaces.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.files import locked
from modpkg.host.mounts import chroot_mounts, mounted
from modpkg.host.run import attend, environment, run
from modpkg.pipeline.apart import PACKAGE_PARENT
from modpkg.pipeline.chroots import read_chroot, require_root
from modpkg.rootfs.debian import POLICY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modpkg.events import Sink
    from modpkg.model.chroot import ChrootPlaces

# No network of its own: packages come from the mirror.
APART: Final = ("--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--propagation=private")
TAIL_LINES: Final = 10
RESOLVER: Final = Path("/etc/resolv.conf")
FORBIDS: Final = """\
#!/bin/sh
# Of modpkg chroot-shell: the server runs none of the services that are installed.
exit 101
"""


def enter_chroot(places: ChrootPlaces, command: str | None, *, terminal: str, sink: Sink) -> None:
    """Run a shell for a person in the tree of a chroot, or `command` by sh, whose failure is raised."""
    require_root()
    name = read_chroot(places).record.name
    words = ["setpriv", "--pdeathsig", "KILL", "unshare", *APART]
    words += [sys.executable, "-m", "modpkg.pipeline.enter_chroot", str(places.tree)]
    told = {"PYTHONPATH": str(PACKAGE_PARENT), "HOME": "/root", "debian_chroot": name}
    with locked(places.lock, sink=sink):
        if command is None:
            # How the shell ended is how its last command did: no fault.
            attend(words, environ=environment({**told, "TERM": terminal}))
        else:
            _run(name, [*words, command], env={**told, "DEBIAN_FRONTEND": "noninteractive"}, sink=sink)


def _run(name: str, words: list[str], *, env: dict[str, str], sink: Sink) -> None:
    done = run(words, env=env, sink=sink, check=False)
    if done.returncode:
        said = "".join(f"\n    {line}" for line in (done.stderr or done.stdout).splitlines()[-TAIL_LINES:])
        what = f"cannot go on in the chroot {name}: the command ended with status {done.returncode}{said}"
        raise ModpkgError(what, hint="--verbose shows all that it wrote")


def main(argv: list[str]) -> int:
    """Work in the tree `argv[0]`: by the command `argv[1]`, else by a shell. Gives its exit status."""
    tree = Path(argv[0])
    shell = ["/bin/sh", "-c", argv[1]] if argv[1:] else ["/bin/bash", "--login"]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with ExitStack() as stack:
        stack.enter_context(chroot_mounts(tree))
        stack.enter_context(_no_services(tree))
        resolver = tree / "etc/resolv.conf"
        if RESOLVER.exists() and resolver.is_file() and not resolver.is_symlink():
            stack.enter_context(mounted(RESOLVER.resolve(), resolver))
        return attend(["chroot", str(tree), *shell], environ=environ)


@contextmanager
def _no_services(tree: Path) -> Iterator[None]:
    # Debian's policy-rc.d. Only for as long as somebody works here: on nodes it would speak too.
    policy = tree / POLICY
    ours = not policy.exists() or policy.read_text(encoding="utf-8") == FORBIDS
    if ours:
        policy.parent.mkdir(parents=True, exist_ok=True)
        policy.write_text(FORBIDS, encoding="utf-8")
        policy.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            policy.unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (ModpkgError, OSError) as refused:
        sys.exit(str(refused))
