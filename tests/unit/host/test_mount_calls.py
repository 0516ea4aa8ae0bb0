import errno
import os
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.host.mount_calls import mount, unmount


def test_what_the_kernel_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(ModpkgError) as caught:
        mount("nothing", tmp_path, kind="modpkgfs", options="")
    refused = {os.strerror(code) for code in (errno.ENODEV, errno.EPERM)}
    assert caught.value.what in {f"cannot mount modpkgfs on {tmp_path}: {word}" for word in refused}
    assert isinstance(caught.value.__cause__, OSError)


def test_what_is_no_mount_cannot_be_taken_away(tmp_path: Path) -> None:
    with pytest.raises(ModpkgError, match=f"cannot unmount {tmp_path}: "):
        unmount(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="a user may not mount; the real ones are in tests/integration")
def test_a_bind_of_what_is_not_there_names_it(tmp_path: Path) -> None:
    with pytest.raises(ModpkgError, match=f"cannot mount {tmp_path}/gone on {tmp_path}: No such file"):
        mount(tmp_path / "gone", tmp_path, kind="", options="")
