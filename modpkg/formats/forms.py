"""What texts that have to match a pattern are called, and how to write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.model import (
    address,
    changelog,
    config,
    disks,
    files,
    hostlist,
    manifest,
    patterns,
    recipe,
    repository_document,
    settings,
    site,
    size,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION_HINT: Final = "three numbers without leading zeros, such as 12.0.3"
FORMS: Final[Mapping[str, tuple[str, str]]] = {
    patterns.NAME_PATTERN: ("a name", "lower-case letters, digits and single dashes; a letter comes first"),
    patterns.PACKAGE_PATTERN: ("a package name", "lower-case letters, digits, '+', '-' and '.'"),
    patterns.UPSTREAM_PATTERN: ("a version", f"write X.Y.Z: {VERSION_HINT}"),
    patterns.VERSION_PATTERN: ("a version", "write X.Y.Z-R, such as 12.0.3-41: R counts the entries"),
    patterns.LINE_PATTERN: ("one line of text", "no line breaks, no tabs, no spaces at its ends"),
    patterns.WORD_PATTERN: ("one word", "no spaces, no line breaks"),
    patterns.PATH_PATTERN: ("an absolute path", "a path starts with / and does not end with one"),
    patterns.URL_PATTERN: ("an address", "it starts with https://"),
    patterns.PERSON_PATTERN: ("a person", "write Name <user@example.org>"),
    patterns.ACCOUNT_PATTERN: (
        "an account",
        "letters, digits, '_', '-' and '.'; a letter or '_' comes first",
    ),
    patterns.SHA256_PATTERN: ("a sha256 digest", "64 digits of 0-9a-f"),
    address.MACS_PATTERN: (
        "the MAC of a network card",
        "write 52:54:00:12:34:56 in lower-case letters; several stand in one text, with a space between",
    ),
    address.DEVICE_PATTERN: ("a network device", "at most 15 letters, digits, '_', '-' and '.'"),
    address.DOMAIN_PATTERN: ("a domain", "lower-case words joined by dots, such as cluster.example.org"),
    disks.SIZE_PATTERN: ("a size", "write a number and MiB, GiB or TiB, such as 400MiB, or rest"),
    disks.MEMBER_PATTERN: (
        "a partition or an array",
        "write disk.partition, such as a.data, or an array's name",
    ),
    disks.PROPERTY_PATTERN: (
        "a property's value",
        "letters, digits and '_./:=+,%@-'; a letter or digit comes first",
    ),
    disks.PATTERN_PATTERN: ("a pattern", "letters, digits, '*', '?' and '_.:/+=@-'"),
    patterns.RELATIVE_PATTERN: ("a path in the share", "it starts with no / and ends with none"),
    files.BELOW_ROOT_PATTERN: ("a path below /", "a path starts with / and is not / itself"),
    hostlist.HOST_PATTERN: ("the name of a node", "lower-case letters, digits and dashes, at most 63"),
    config.ADDRESS_PATTERN: ("an address", "it starts with https://, http:// or file:///"),
    changelog.MOMENT_PATTERN: ("a moment", "write it in UTC as 2024-05-31T12:00:00Z"),
    changelog.INPUTS_PATTERN: ("a digest", "`invoke release-module` writes it; do not change it by hand"),
    changelog.CHANGE_PATTERN: ("a change", "say in words what changed"),
    manifest.PIN_PATTERN: ("a version to pin", "write one exactly, 12.0.3-41, or track with ~12.0"),
    patterns.GLOB_PATTERN: ("a glob", "it starts with /, such as /usr/share/doc/**"),
    recipe.MODE_PATTERN: ("a file mode", 'a 0, then three or four octal digits, in quotes: "0644", "04755"'),
    recipe.UNIT_PATTERN: ("a systemd unit", "give its full name, such as munge.service"),
    site.HASH_PATTERN: ("a hash of crypt(5)", "make one: mkpasswd --method=yescrypt"),
    site.DOMAIN_PATTERN: ("a domain", "such as cluster.example.org"),
    site.ZONE_PATTERN: ("a time zone", "its name below /usr/share/zoneinfo, such as Europe/Berlin"),
    settings.MOUNT_POINT_PATTERN: (
        "a place to mount at",
        "an absolute path below /, without spaces and backslashes",
    ),
    settings.MOUNT_WORD_PATTERN: ("one word", "no spaces, no backslashes"),
    size.SIZE_PATTERN: ("a size", "a number, a space, and kB, MB, GB (of 1000), KiB, MiB or GiB: 150 MB"),
    repository_document.BASE_URL_PATTERN: ("an address", "it starts with https://, http:// or file://"),
    repository_document.KEY_PATTERN: ("a key's fingerprint", "40 digits of 0-9A-F, in quotes"),
}
