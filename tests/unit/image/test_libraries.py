from modpkg.image.libraries import needed

FILE = "file 0644 0 0 1 x"
LINES = {
    "lib64": "symlink 0777 0 0 usr/lib64",
    "usr/lib64": "dir 0755 0 0",
    "usr/lib64/ld-linux-x86-64.so.2": "symlink 0777 0 0 /lib/odd-loader",
    "lib": "symlink 0777 0 0 usr/lib",
    "usr/lib": "dir 0755 0 0",
    "usr/lib/odd-loader": FILE,
    "usr/lib/libc.so.6": FILE,
    "usr/lib/libc.so.dir": "dir 0755 0 0",
    "usr/lib/security/pam_unix.so": FILE,
    "usr/sbin/ldconfig": FILE,
    "etc/ld.so.conf": FILE,
    "etc/ld.so.conf.d/a.conf": FILE,
    "etc/passwd": FILE,
    "etc/mtab": "symlink 0777 0 0 ../proc/self/mounts",
}


def test_ldconfig_gets_libraries_their_links_and_its_configuration_and_nothing_else() -> None:
    files, links = needed(LINES, "usr/sbin/ldconfig")
    assert files == {
        "etc/ld.so.conf",
        "etc/ld.so.conf.d/a.conf",
        "usr/lib/libc.so.6",
        # What a library's link leads to, whatever its name.
        "usr/lib/odd-loader",
        "usr/sbin/ldconfig",
    }
    assert links == {
        "lib": "usr/lib",
        "lib64": "usr/lib64",
        "usr/lib64/ld-linux-x86-64.so.2": "/lib/odd-loader",
    }
