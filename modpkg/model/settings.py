"""What a node is told: settings of the cluster, of groups and of one node, and how they come together. Pure.

Texts of a nearer layer win; lists and tables of all layers are joined.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from modpkg.model.address import Address, Device, Domain, InterfaceAddress
from modpkg.model.document import AbsolutePath, Document, Line, Name, Word
from modpkg.model.places import is_mount_point
from modpkg.model.site import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# These end up in unit files of systemd, where a backslash is syntax, and names of units.
MOUNT_POINT_PATTERN: Final = r"^(/[^/\\\x00-\x20\x7f]+)+$"
MOUNT_WORD_PATTERN: Final = r"^[^\\\x00-\x20\x7f]+$"
# What the initrd keeps on the node's disk.
STATE: Final = "/var/lib/modpkg"
# The words that iPXE passes on as they are: it expands ${...}, knows quotes, joins commands by || and &&, and takes #
# for a remark. And those that the head writes itself.
ARGUMENT: Final = re.compile(r"[^\x00-\x20\x7f$\\\"'#|&]+")
HEADS_OWN: Final = re.compile(
    r"modpkg\.(image|layers|site|sha256|verity|nodes?|report|disks|settings)(-sha256)?=.*|--|BOOTIF=.*"
)


def _mount_point(text: str) -> str:
    if text == STATE or not is_mount_point(text):
        raise ValueError(
            f"{text} comes from the image, the kernel or the head: mount a directory such as /home"
        )
    return text


def _kernel_argument(text: str) -> str:
    if not ARGUMENT.fullmatch(text):
        raise ValueError(f"iPXE would not pass on {text!r}: it has one of the signs $ \\ \" ' # | &")
    if HEADS_OWN.fullmatch(text):
        raise ValueError(f"{text!r} is written by the head itself")
    return text


MountPoint = Annotated[
    AbsolutePath, StringConstraints(pattern=MOUNT_POINT_PATTERN), AfterValidator(_mount_point)
]
KernelArgument = Annotated[Word, AfterValidator(_kernel_argument)]
MountWord = Annotated[str, StringConstraints(pattern=MOUNT_WORD_PATTERN)]
# How UEFI starts a node: iPXE fetches kernel and initrd, or the firmware itself one program of both.
BootWay = Literal["ipxe", "uki"]
Mtu = Annotated[int, Field(ge=576, le=9216)]


# Where a node's own ssh keys come from: its disk, the head, or anew at each boot.
HostKeys = Literal["disk", "head", "boot"]


class NodeNetwork(Document):
    """One network device: its address with the network's width, or `dhcp`."""

    address: InterfaceAddress
    gateway: Address | None = None
    mtu: Mtu | None = None


class Mount(Document):
    """What is mounted at a path: a device, or `server:/path` for nfs."""

    source: MountWord
    type: Literal["nfs", "nfs4", "ext4", "xfs", "tmpfs"] = "nfs"
    options: MountWord | None = None


class Share(Document):
    """The site's share, which nodes mount at /srv/common: files and scripts for them, `server:/path`."""

    source: MountWord
    options: MountWord = "ro,soft,timeo=50,retrans=3"


class Time(Document):
    """Time zone and servers of time."""

    zone: Zone | None = None
    servers: tuple[Word, ...] = ()


class Resolver(Document):
    """Name servers, and domains that short names are looked up in."""

    servers: tuple[Address, ...] = Field(min_length=1)
    search: tuple[Domain, ...] = ()


class Settings(Document):
    """Settings of the cluster, a group or a node; what is not said is left to the wider layer."""

    image: Name | None = None
    boot: BootWay | None = None
    kernel_arguments: tuple[KernelArgument, ...] = ()
    disks: Name | None = None
    chroot: Name | None = None
    roles: tuple[Name, ...] = ()
    networks: dict[Device, NodeNetwork] = Field(default_factory=dict)
    mounts: dict[MountPoint, Mount] = Field(default_factory=dict)
    ssh_keys: tuple[Line, ...] = ()
    host_keys: HostKeys | None = None
    share: Share | None = None
    time: Time | None = None
    resolver: Resolver | None = None


SINGLE: Final = ("image", "boot", "disks", "chroot", "time", "resolver", "host_keys", "share")
LISTS: Final = ("kernel_arguments", "roles", "ssh_keys")
TABLES: Final = ("networks", "mounts")
Way = tuple[str, ...]


def merge(layers: Sequence[Settings]) -> Settings:
    """Join layers, the widest first."""
    values: dict[str, Any] = {}
    for name in SINGLE:
        said = [value for layer in layers if (value := getattr(layer, name)) is not None]
        values[name] = said[-1] if said else None
    for name in LISTS:
        values[name] = tuple(dict.fromkeys(word for layer in layers for word in getattr(layer, name)))
    for name in TABLES:
        values[name] = {key: value for layer in layers for key, value in getattr(layer, name).items()}
    return Settings.model_construct(**values)


def conflicts(first: Settings, second: Settings) -> Iterator[Way]:
    """Give the ways at which two groups of one node say different things."""
    for name in SINGLE:
        one, other = getattr(first, name), getattr(second, name)
        if one is not None and other is not None and one != other:
            yield (name,)
    for name in TABLES:
        one, other = getattr(first, name), getattr(second, name)
        yield from ((name, key) for key in one.keys() & other.keys() if one[key] != other[key])
