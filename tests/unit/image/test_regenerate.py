import re

import pytest

from modpkg.image.regenerate import CATALOG, HWDB, LDCONFIG, depmod

KERNEL = depmod("6.1.0-9-amd64")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (LDCONFIG.makes, "etc/ld.so.cache"),
        (LDCONFIG.litter, "var/cache/ldconfig/aux-cache"),
        (HWDB.makes, "usr/lib/udev/hwdb.bin"),
        (CATALOG.makes, "var/lib/systemd/catalog/database"),
        (KERNEL.makes, "usr/lib/modules/6.1.0-9-amd64/modules.dep"),
        (KERNEL.makes, "usr/lib/modules/6.1.0-9-amd64/modules.builtin.alias.bin"),
    ],
)
def test_what_a_generator_makes_is_known(pattern: str, path: str) -> None:
    assert re.fullmatch(pattern, path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (LDCONFIG.makes, "etc/ldxso.cache"),
        (HWDB.litter, "var/cache/ldconfig/aux-cache"),
        (KERNEL.makes, "usr/lib/modules/6.1.0-9-amd64/kernel/modules.dep"),
        (KERNEL.makes, "usr/lib/modules/6x1.0-9-amd64/modules.dep"),
        (KERNEL.makes, "usr/lib/modules/6.1.0-9-amd64/modules.dep/x"),
    ],
)
def test_nothing_else_is(pattern: str, path: str) -> None:
    assert not re.fullmatch(pattern, path)
