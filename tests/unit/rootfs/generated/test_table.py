import pytest

from modpkg.rootfs.generated.generator import Generator
from modpkg.rootfs.generated.table import (
    CERTIFICATES,
    DEPMOD,
    DESKTOP,
    GENERATORS,
    GIO_MODULES,
    HWDB,
    ICONS,
    LDCONFIG,
    MIME,
    PAM,
    SCHEMAS,
    is_generated,
)

KERNEL = "usr/lib/modules/6.1.0-9-amd64"


@pytest.mark.parametrize(
    ("generator", "path"),
    [
        (LDCONFIG, "etc/ld.so.cache"),
        (HWDB, "usr/lib/udev/hwdb.bin"),
        (DEPMOD, f"{KERNEL}/modules.dep"),
        (DEPMOD, f"{KERNEL}/modules.builtin.alias.bin"),
        (CERTIFICATES, "etc/ssl/certs/ca-certificates.crt"),
        (PAM, "etc/pam.d/common-session-noninteractive"),
        (PAM, "var/lib/pam/seen"),
        (SCHEMAS, "usr/share/glib-2.0/schemas/gschemas.compiled"),
        (GIO_MODULES, "usr/lib/x86_64-linux-gnu/gio/modules/giomodule.cache"),
        (MIME, "usr/share/mime/mime.cache"),
        (MIME, "usr/share/mime/text/plain.xml"),
        (DESKTOP, "usr/share/applications/mimeinfo.cache"),
        (ICONS, "usr/share/icons/hicolor/icon-theme.cache"),
    ],
)
def test_what_a_generator_makes_is_known(generator: Generator, path: str) -> None:
    assert generator.made(path)
    assert is_generated(path)
    assert [one for one in GENERATORS if one.made(path)] == [generator]


@pytest.mark.parametrize(
    "path",
    [
        "etc/ldxso.cache",
        f"{KERNEL}/kernel/modules.dep",
        f"{KERNEL}/modules.builtin",
        f"{KERNEL}/modules.order",
        f"{KERNEL}/modules.dep/x",
        "etc/pam.d/login",
        "usr/share/mime/packages/freedesktop.org.xml",
        "etc/ssl/openssl.cnf",
    ],
)
def test_nothing_else_is(path: str) -> None:
    assert not is_generated(path)


@pytest.mark.parametrize(
    ("generator", "path"),
    [
        (LDCONFIG, "usr/lib/x86_64-linux-gnu/libc.so.6"),
        (LDCONFIG, "usr/lib64/ld-linux-x86-64.so.2"),
        (DEPMOD, f"{KERNEL}/kernel/fs/xfs/xfs.ko"),
        (DEPMOD, f"{KERNEL}/modules.builtin"),
        (HWDB, "etc/udev/hwdb.d/50-site.hwdb"),
        (CERTIFICATES, "usr/local/share/ca-certificates/site.crt"),
        (PAM, "usr/share/pam-configs/unix"),
        (MIME, "usr/share/mime/packages/freedesktop.org.xml"),
        (ICONS, "usr/share/icons/hicolor/48x48/apps/program.png"),
    ],
)
def test_inputs_are_known_and_never_what_is_made(generator: Generator, path: str) -> None:
    assert generator.reads([path])
    assert not generator.made(path)


def test_a_generator_does_not_read_what_it_makes() -> None:
    tables = [f"{KERNEL}/modules.{kind}" for kind in ("dep", "dep.bin", "symbols", "builtin.bin", "weakdep")]
    assert not DEPMOD.reads(tables)


def test_a_command_is_run_for_each_that_the_inputs_name() -> None:
    paths = ["usr/bin/kmod", "usr/sbin/depmod", *(f"usr/lib/modules/{name}/kernel/a.ko" for name in "yx")]
    assert DEPMOD.commands(paths) == (("/usr/sbin/depmod", "x"), ("/usr/sbin/depmod", "y"))


def test_without_its_program_nothing_is_run() -> None:
    assert SCHEMAS.commands(["usr/share/glib-2.0/schemas/a.gschema.xml"]) == ()


def test_a_program_in_the_directory_of_an_architecture_is_found() -> None:
    program = "usr/lib/x86_64-linux-gnu/glib-2.0/gio-querymodules"
    module = "usr/lib/x86_64-linux-gnu/gio/modules/libgiognutls.so"
    assert GIO_MODULES.commands([program, module]) == (
        (f"/{program}", "/usr/lib/x86_64-linux-gnu/gio/modules"),
    )


def test_exceptions_are_no_inputs_of_a_program_that_has_none() -> None:
    assert HWDB.commands(["usr/bin/systemd-hwdb"]) == ()
