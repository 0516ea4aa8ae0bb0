"""The image `compute` as a site would get it: by `modpkg demo`, once, and kept for later tests and runs.

It takes minutes where no module is built yet, and seconds where all are.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from modpkg.host.files import locked
from modpkg.host.run import run

CHECKOUT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("MODPKG_TEST_CACHE", str(Path.home() / ".cache/modpkg-tests")))
# Where mirrors, caches and proxies are is the caller's to say.
PASSED_ON = ("HOME", "SSL_CERT_FILE", "http_proxy", "https_proxy", "no_proxy")


@functools.cache
def compute_image() -> Path:
    """Give the image directory, built from this checkout's recipes and with this checkout's initrd."""
    if os.geteuid() != 0:
        pytest.skip("the network of nodes needs root")
    work = CACHE / "compute"
    words = ["--search-root", CHECKOUT, "demo", "--no-boot", "--output", "json", "--work", work]
    with locked(CACHE / "compute.lock"):
        # The version says nothing of the code that makes an initrd.
        shutil.rmtree(work / "demo/images", ignore_errors=True)
        done = run([Path(sys.executable).with_name("invoke"), *words], env=surroundings())
    return Path(json.loads(done.stdout)["image"]["directory"])


def surroundings() -> dict[str, str]:
    """Give what a command of modpkg may see of the caller's environment."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in PASSED_ON or (name.startswith("MODPKG_") and name != "MODPKG_WORK")
    }
