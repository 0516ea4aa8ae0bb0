import pytest

from modpkg.model.cluster import Chroot
from modpkg.node.chroot import chroot_conf


@pytest.mark.parametrize(
    ("chroot", "text"),
    [
        (
            Chroot(server="10.0.0.1", path="/srv/chroots/apps"),
            "SERVER=10.0.0.1\nPATH=/srv/chroots/apps\nMODE=live\n",
        ),
        (
            Chroot(server="head", path="/x", mode="generation", options="rdma,port=20049"),
            "SERVER=head\nPATH=/x\nMODE=generation\nOPTIONS=rdma,port=20049\n",
        ),
    ],
)
def test_a_node_is_told_line_by_line(chroot: Chroot, text: str) -> None:
    assert chroot_conf(chroot) == text
