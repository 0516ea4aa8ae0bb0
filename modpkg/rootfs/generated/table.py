"""The closed list of generated files. A path in none of them belongs to one module, or is a database of state."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from modpkg.rootfs.generated.generator import Generator

if TYPE_CHECKING:
    from collections.abc import Iterable

DEPMOD_TABLES: Final = (
    r"modules\.(dep|dep\.bin|alias|alias\.bin|symbols|symbols\.bin|softdep|devname|weakdep)"
    r"|modules\.builtin\.(bin|alias\.bin)"
)
LIBRARY_NAME: Final = r"(lib|ld-)[^/]*\.so[^/]*"
COMMON_PAM: Final = r"(account|auth|password|session|session-noninteractive)"

LDCONFIG: Final = Generator(
    name="cache of libraries",
    # -X: links are in the packages; making others would be a change of their files.
    argv=("{program}", "-X"),
    program=r"usr/s?bin/ldconfig",
    inputs=rf"(.*/)?{LIBRARY_NAME}",
    makes=r"etc/ld\.so\.cache",
    # It holds inode numbers and times of this machine.
    litter=r"var/cache/ldconfig(/aux-cache)?",
    # Nearly every module has a library, so that none is ever alone.
    alone="never",
)
DEPMOD: Final = Generator(
    name="tables of drivers",
    argv=("{program}", "{each}"),
    program=r"usr/s?bin/depmod",
    inputs=rf"usr/lib/modules/(?P<each>[^/]+)/(?!({DEPMOD_TABLES})$).+",
    configured=r"(etc|usr/lib)/depmod\.d/.+\.conf",
    makes=rf"usr/lib/modules/[^/]+/({DEPMOD_TABLES})",
)
HWDB: Final = Generator(
    name="database of hardware",
    argv=("{program}", "--usr", "update"),
    program=r"usr/bin/systemd-hwdb",
    inputs=r"(usr/lib|etc)/udev/hwdb\.d/[^/]+\.hwdb",
    makes=r"(usr/lib|etc)/udev/hwdb\.bin",
)
CATALOG: Final = Generator(
    name="catalogue of messages",
    argv=("{program}", "--update-catalog"),
    program=r"usr/bin/journalctl",
    inputs=r"usr/lib/systemd/catalog/[^/]+\.catalog",
    makes=r"var/lib/systemd/catalog/database",
)
CERTIFICATES: Final = Generator(
    name="certificates of authorities",
    argv=("{program}", "--fresh"),
    program=r"usr/sbin/update-ca-certificates",
    inputs=r"(usr/share/ca-certificates|usr/local/share/ca-certificates)/.+\.crt",
    configured=r"etc/ca-certificates\.conf|etc/ca-certificates/update\.d/.+",
    makes=r"etc/ssl/certs/.+",
    alone="kept",
)
PAM: Final = Generator(
    name="common PAM stacks",
    argv=("{program}", "--package"),
    program=r"usr/sbin/pam-auth-update",
    inputs=r"usr/share/pam-configs/[^/]+",
    makes=rf"etc/pam\.d/common-{COMMON_PAM}|var/lib/pam/({COMMON_PAM}|seen)",
    litter=r"var/cache/debconf/.+",
    alone="kept",
)
SCHEMAS: Final = Generator(
    name="schemas of GSettings",
    argv=("{program}", "/usr/share/glib-2.0/schemas"),
    program=r"usr/lib/[^/]+/glib-2\.0/glib-compile-schemas|usr/bin/glib-compile-schemas",
    inputs=r"usr/share/glib-2\.0/schemas/[^/]+\.(xml|gschema\.override)",
    makes=r"usr/share/glib-2\.0/schemas/gschemas\.compiled",
)
GIO_MODULES: Final = Generator(
    name="modules of GIO",
    argv=("{program}", "/usr/lib/{each}/gio/modules"),
    program=r"usr/lib/[^/]+/glib-2\.0/gio-querymodules|usr/bin/gio-querymodules",
    inputs=r"usr/lib/(?P<each>[^/]+)/gio/modules/[^/]+\.so",
    makes=r"usr/lib/[^/]+/gio/modules/giomodule\.cache",
    sort_lines=True,
)
MIME: Final = Generator(
    name="types of files",
    argv=("{program}", "/usr/share/mime"),
    program=r"usr/bin/update-mime-database(\.real)?",
    inputs=r"usr/share/mime/packages/[^/]+\.xml",
    makes=r"usr/share/mime/(?!packages(/|$)).+",
)
DESKTOP: Final = Generator(
    name="programs by type of file",
    argv=("{program}", "/usr/share/applications"),
    program=r"usr/bin/update-desktop-database",
    inputs=r"usr/share/applications/.+\.desktop",
    makes=r"usr/share/applications/mimeinfo\.cache",
)
ICONS: Final = Generator(
    name="caches of icons",
    argv=("{program}", "--quiet", "--force", "--ignore-theme-index", "/usr/share/icons/{each}"),
    program=r"usr/bin/gtk-update-icon-cache(-3\.0)?",
    inputs=r"usr/share/icons/(?P<each>[^/]+)/.+\.(png|svg|xpm|icon)",
    makes=r"usr/share/icons/[^/]+/icon-theme\.cache",
)
# The order counts: programs of those below ldconfig find their libraries by its cache.
GENERATORS: Final = (
    LDCONFIG,
    DEPMOD,
    HWDB,
    CATALOG,
    CERTIFICATES,
    PAM,
    SCHEMAS,
    GIO_MODULES,
    MIME,
    DESKTOP,
    ICONS,
)


def named(name: str) -> Generator:
    """Give the generator of this name; raises LookupError where there is none."""
    for generator in GENERATORS:
        if generator.name == name:
            return generator
    raise LookupError(name)


def is_generated(path: str) -> bool:
    """Tell whether a path is one that a generator writes."""
    return _any_of().fullmatch(path) is not None


@cache
def _any_of() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{generator.makes})" for generator in GENERATORS))


def of_interest(paths: Iterable[str]) -> list[str]:
    """Give the paths that have to do with any generator: the few of many that need a closer look."""
    return list(filter(_any_at_all().fullmatch, paths))


@cache
def _any_at_all() -> re.Pattern[str]:
    parts = (
        f"(?:{part})" for one in GENERATORS for part in (one.inputs, one.makes, one.program, one.configured)
    )
    # A group has one name in a pattern; here none is needed.
    return re.compile("|".join(parts).replace("(?P<each>", "("))
