from modpkg.rootfs.state.passwd import PASSWD, SHADOW, SUBUID


def test_users_are_sorted_by_id_and_keyed_by_name() -> None:
    text = "nobody:x:65534:65534:::\nroot:x:0:0:::\nm:x:301:301:::\n"
    records = PASSWD.parse(text)
    assert [PASSWD.key(record) for record in records] == ["root", "m", "nobody"]
    assert PASSWD.identity is not None
    assert PASSWD.identity(records[1]) == "id 301"


def test_shadow_is_secret_and_undated() -> None:
    assert (SHADOW.mode, SHADOW.gid) == (0o640, 42)
    assert SHADOW.parse("root:*:20779:0:99999:7:::\n") == ("root:*::0:99999:7:::",)


def test_subordinate_ids_are_sorted_by_number() -> None:
    assert SUBUID.parse("b:100000:65536\na:20000:5\n") == ("a:20000:5", "b:100000:65536")
