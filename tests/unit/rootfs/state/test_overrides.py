from modpkg.rootfs.state.overrides import DIVERSIONS, STATOVERRIDE


def test_diversions_are_three_lines_keyed_by_the_diverted_path() -> None:
    records = DIVERSIONS.parse("/usr/bin/b\n/usr/bin/b.real\np\n/bin/a\n/bin/a.real\nq\n")
    assert records == ("/bin/a\n/bin/a.real\nq", "/usr/bin/b\n/usr/bin/b.real\np")
    assert DIVERSIONS.key(records[0]) == "/bin/a"


def test_overrides_are_keyed_and_sorted_by_path() -> None:
    records = STATOVERRIDE.parse("root a 640 /z\nroot b 4754 /with space/x\n")
    assert [STATOVERRIDE.key(record) for record in records] == ["/with space/x", "/z"]
