from modpkg.rootfs.state.ucf import HASHFILE, REGISTRY


def test_both_files_are_keyed_by_path() -> None:
    (record,) = HASHFILE.parse("aa0cfd0c49b3610f7bc5035f28a9f1d5  /etc/chrony/chrony.conf\n")
    assert HASHFILE.key(record) == "/etc/chrony/chrony.conf"
    (record,) = REGISTRY.parse("chrony \t /etc/chrony/chrony.conf\n")
    assert REGISTRY.key(record) == "/etc/chrony/chrony.conf"
