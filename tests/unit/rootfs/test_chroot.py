from pathlib import Path

import pytest

from modpkg.formats.documents import load_platform
from modpkg.model.platform import Accounts, Platform
from modpkg.rootfs.chroot import add_accounts

PLATFORM = Path(__file__).parents[3] / "recipes/platforms/bookworm.yaml"


@pytest.fixture
def platform() -> Platform:
    accounts = Accounts(users={"munge": 105, "_apt": 100, "clash": 101}, groups={"munge": 105, "input": 111})
    return load_platform(PLATFORM).model_copy(update={"accounts": accounts})


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    texts = {
        "passwd": "root:x:0:0:root:/root:/bin/sh\n_apt:x:42:65534::/x:/x\nother:x:101:1::/:/x\n",
        "shadow": "root:*:19000:0:99999:7:::\n_apt:!:19000::::::\n",
        "group": "root:x:0:\n",
        "gshadow": "root:*::\n",
    }
    for name, text in texts.items():
        (tmp_path / "etc" / name).write_text(text)
    return tmp_path


def test_accounts_of_the_table_are_there_before_a_package_asks(tree: Path, platform: Platform) -> None:
    add_accounts(tree, platform)
    added = {
        name: (tree / "etc" / name).read_text().splitlines()
        for name in ("passwd", "shadow", "group", "gshadow")
    }
    assert added["passwd"][3:] == ["munge:x:105:105::/nonexistent:/usr/sbin/nologin"]
    assert added["shadow"][2:] == ["munge:!:::::::"]
    assert added["group"][1:] == ["munge:x:105:", "input:x:111:"]
    assert added["gshadow"][1:] == ["munge:!::", "input:!::"]


def test_a_second_time_adds_nothing(tree: Path, platform: Platform) -> None:
    add_accounts(tree, platform)
    before = (tree / "etc/passwd").read_text(), (tree / "etc/group").read_text()
    add_accounts(tree, platform)
    assert ((tree / "etc/passwd").read_text(), (tree / "etc/group").read_text()) == before
