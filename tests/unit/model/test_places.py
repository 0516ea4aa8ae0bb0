from __future__ import annotations

import pytest

from modpkg.model.places import closed_place, is_mount_point


@pytest.mark.parametrize(
    "path", ["/", "/usr", "/proc", "/proc/x", "/dev/x", "/srv/common/x", "/run/modpkg/x"]
)
def test_over_these_nothing_is_mounted(path: str) -> None:
    assert not is_mount_point(path)


@pytest.mark.parametrize("path", ["/home", "/usr/local/apps", "/run/x", "/process", "/srv/commons", "/var"])
def test_elsewhere_something_may_be(path: str) -> None:
    assert is_mount_point(path)
    assert closed_place(path) is None
