"""A program that writes both packages under circumstances that must not matter, and prints their digests.

Usage: write_packages FRAGMENT DIRECTORY UMASK UID
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from modpkg.deb.write import write_deb
from modpkg.host.files import digest_file
from modpkg.rpm.write import write_rpm
from tests.support.modules import module
from tests.support.packages import DOCUMENTS


def main() -> None:
    """Write the packages of the module of the tests around FRAGMENT, as another user."""
    fragment, directory = (Path(word) for word in sys.argv[1:3])
    made = module(fragment.read_bytes())
    os.umask(int(sys.argv[3], 8))
    if os.geteuid() == 0:
        os.setuid(int(sys.argv[4]))
    for write in (write_deb, write_rpm):
        path = write(made, fragment=fragment, documents=DOCUMENTS, directory=directory)
        sys.stdout.write(f"{path.name} {digest_file(path)}\n")


if __name__ == "__main__":
    main()
