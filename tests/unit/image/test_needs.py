from modpkg.image.needs import needs_trees
from modpkg.model.module import Module
from modpkg.rootfs.generated.choose import at_assembly
from tests.support.stack import make_module


def with_hwdb(name: str) -> Module:
    paths = ("usr/bin/systemd-hwdb", "usr/sbin/ldconfig", "usr/lib/libc.so.6", f"etc/udev/hwdb.d/{name}.hwdb")
    return make_module(name, paths=dict.fromkeys((*paths, "etc/udev/hwdb.bin"), "file 0644 0 0 1 x"))


def test_a_splice_needs_no_tree_where_only_the_cache_of_libraries_is_made() -> None:
    assert not needs_trees(at_assembly([with_hwdb("core")]), "splice")


def test_other_generators_and_mksquashfs_need_them() -> None:
    assert needs_trees(at_assembly([with_hwdb("core"), with_hwdb("tools")]), "splice")
    assert needs_trees(at_assembly([with_hwdb("core")]), "recompress")
