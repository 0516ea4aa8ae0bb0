"""The site document: what a site adds to an image beside files, and whose its files are.

Also which paths a site may not touch, as they belong to the modules, to modpkg or to a node.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from fnmatch import fnmatchcase
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from modpkg.model.document import AbsolutePath, Account, Document
from modpkg.model.recipe import FileMode

# crypt(5): the methods that are not called weak there, each with what follows its sign.
HASH_PATTERN: Final = (
    r"^\$(g?y\$[./A-Za-z0-9]+\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}"
    r"|7\$[./A-Za-z0-9]{11,97}\$[./A-Za-z0-9]{43}"
    r"|2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}"
    r"|6\$(rounds=[1-9][0-9]{3,8}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}"
    r"|5\$(rounds=[1-9][0-9]{3,8}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43})$"
)
DOMAIN_PATTERN: Final = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"
ZONE_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9][A-Za-z0-9_+-]*)*$"
KEY_TYPES: Final = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
LENGTH_BYTES: Final = 4
MAX_NAMESERVERS: Final = 3  # resolv.conf(5): the resolver asks no more
UNSHOWN: Final = "unshown"  # the kind of a fault whose value and line are shown to nobody

ACCOUNTS: Final = "accounts come from modules: name them in `accounts` of a recipe"
DATABASE: Final = "it is made of what all modules have: change a module"
LIBRARIES: Final = "the cache of libraries is made before the site's files come: put them into a module"
NODE: Final = "it belongs to a node, not to an image"
OWN: Final = "it says what the modules are, which stays provable only if no site changes it"
HIDDEN: Final = "the node mounts something over it, so nobody would see it"
HASH_FIELD: Final = "write the hash as `root-password` in the site document"
# The first glob that matches counts; `*` matches a slash too.
REFUSED: Final = {
    "etc/shadow*": HASH_FIELD,
    "etc/passwd*": ACCOUNTS,
    "etc/group*": ACCOUNTS,
    "etc/gshadow*": ACCOUNTS,
    "etc/subuid*": ACCOUNTS,
    "etc/subgid*": ACCOUNTS,
    "etc/shells": DATABASE,
    "etc/alternatives/*": DATABASE,
    "var/lib/shells.state": DATABASE,
    "var/lib/dpkg/*": DATABASE,
    "var/lib/ucf/*": DATABASE,
    "var/lib/systemd/catalog/*": DATABASE,
    "etc/ld.so.*": LIBRARIES,
    "etc/udev/hwdb.*": DATABASE,
    "usr/lib/udev/hwdb.*": DATABASE,
    "usr/lib/modules/*": DATABASE,
    "etc/hostname": NODE,
    "etc/machine-id": NODE,
    "etc/os-release": OWN,
    "usr/lib/os-release": OWN,
    "usr/lib/modpkg/*": OWN,
    "usr/share/doc/modpkg-image/*": OWN,
    "etc/.updated": OWN,
    "var/.updated": OWN,
    "boot/*": "a node gets its kernel beside the root",
    "dev/*": HIDDEN,
    "proc/*": HIDDEN,
    "run/*": HIDDEN,
    "sys/*": HIDDEN,
}
# Files that fields of the document make.
SHADOW: Final = "etc/shadow"
ROOT_KEYS: Final = "root/.ssh/authorized_keys"
RESOLVER: Final = "etc/resolv.conf"
LOCALTIME: Final = "etc/localtime"
TIMEZONE: Final = "etc/timezone"
FIELD_OF: Final = {
    ROOT_KEYS: "root-keys",
    RESOLVER: "resolver",
    LOCALTIME: "time-zone",
    TIMEZONE: "time-zone",
}


def refusal(path: str) -> str:
    """Say why a site may not have a file at this path (without a leading slash), or "" if it may."""
    return next((why for glob, why in REFUSED.items() if fnmatchcase(path, glob)), "")


def _hash(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(HASH_PATTERN, value):
        return value
    raise PydanticCustomError(UNSHOWN, "is no hash of crypt(5), or one of a method that is too weak")


def _public_key(value: object) -> str:
    if isinstance(value, str) and "PRIVATE KEY" not in value and "\n" not in value:
        fault = _key_fault(value)
        if not fault:
            return value
        raise ValueError(fault)
    raise PydanticCustomError(UNSHOWN, "is not one line with a public key")


def _key_fault(line: str) -> str:
    # Options come first, and may hold spaces and even names of types inside quotes (sshd(8)).
    words = re.findall(r'(?:"(?:\\.|[^"\\])*"|[^\s"])+', line)
    at = next((index for index, word in enumerate(words) if word in KEY_TYPES), None)
    if at is None or at > 1:
        return f"has no key of a type that sshd takes: {', '.join(KEY_TYPES)}"
    try:
        blob = base64.b64decode(words[at + 1], validate=True)
    except (IndexError, binascii.Error):
        return f"has no base64 after {words[at]}"
    if not _holds(blob, words[at]):
        return f"is cut off or damaged: its base64 is no key of the type {words[at]}"
    return ""


def _holds(blob: bytes, kind: str) -> bool:
    # RFC 4253 6.6: fields, each after its length; the first one names the type.
    fields = []
    while blob:
        length = int.from_bytes(blob[:LENGTH_BYTES], "big")
        field, blob = blob[LENGTH_BYTES : LENGTH_BYTES + length], blob[LENGTH_BYTES + length :]
        if len(field) != length:
            return False
        fields.append(field)
    return len(fields) > 1 and fields[0] == kind.encode()


def _address(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an IP address") from error
    return text


PasswordHash = Annotated[
    str, BeforeValidator(_hash), WithJsonSchema({"type": "string", "pattern": HASH_PATTERN})
]
PublicKey = Annotated[str, BeforeValidator(_public_key), WithJsonSchema({"type": "string"})]
Address = Annotated[str, AfterValidator(_address)]
Domain = Annotated[str, StringConstraints(pattern=DOMAIN_PATTERN)]
Zone = Annotated[str, StringConstraints(pattern=ZONE_PATTERN)]


class SiteFile(Document):
    """Owner, group and mode of one file or directory of the site's folder."""

    path: AbsolutePath
    owner: Account | None = None
    group: Account | None = None
    mode: FileMode | None = None


class Resolver(Document):
    """Who answers names in nodes: addresses of servers, domains that are tried."""

    nameservers: tuple[Address, ...]
    search: tuple[Domain, ...] = ()


class SiteDocument(Document):
    """`recipes/site/<image>.yaml`, and `common.yaml` for all images.

    `files` says whose the files of the folder beside it are where that is not the default. Of two documents
    that fit an image its own wins; keys of both are taken.
    """

    root_password: PasswordHash | None = None
    root_keys: tuple[PublicKey, ...] = ()
    resolver: Resolver | None = None
    time_zone: Zone | None = None
    files: tuple[SiteFile, ...] = ()
