"""What a node is told: settings of the cluster, of groups and of one node, and how they come together. Pure.

Texts of a nearer layer win; lists and tables of all layers are joined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from modpkg.model.address import Address, Device, Domain, InterfaceAddress
from modpkg.model.document import AbsolutePath, Document, Line, Name, Word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# How UEFI starts a node: iPXE fetches kernel and initrd, or the firmware itself one program of both.
BootWay = Literal["ipxe", "uki"]
Mtu = Annotated[int, Field(ge=576, le=9216)]


class NodeNetwork(Document):
    """One network device: its address with the network's width, or `dhcp`."""

    address: InterfaceAddress
    gateway: Address | None = None
    mtu: Mtu | None = None


class Mount(Document):
    """What is mounted at a path: a device, or `server:/path` for nfs."""

    source: Word
    type: Literal["nfs", "nfs4", "ext4", "xfs", "tmpfs"] = "nfs"
    options: Word | None = None


class Time(Document):
    """Time zone and servers of time."""

    zone: Word | None = None
    servers: tuple[Word, ...] = ()


class Resolver(Document):
    """Name servers, and domains that short names are looked up in."""

    servers: tuple[Address, ...] = Field(min_length=1)
    search: tuple[Domain, ...] = ()


class Settings(Document):
    """Settings of the cluster, a group or a node; what is not said is left to the wider layer."""

    image: Name | None = None
    boot: BootWay | None = None
    kernel_arguments: tuple[Word, ...] = ()
    disks: Name | None = None
    chroot: Name | None = None
    roles: tuple[Name, ...] = ()
    networks: dict[Device, NodeNetwork] = Field(default_factory=dict)
    mounts: dict[AbsolutePath, Mount] = Field(default_factory=dict)
    ssh_keys: tuple[Line, ...] = ()
    time: Time | None = None
    resolver: Resolver | None = None


SINGLE: Final = ("image", "boot", "disks", "chroot", "time", "resolver")
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
