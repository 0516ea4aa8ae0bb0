"""The cluster document: the head, its network, and what nodes may be told to use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from modpkg.model.address import Address, AddressRange, Device, Domain, Network
from modpkg.model.document import AbsolutePath, Document, Name, Word
from modpkg.model.recipe import Unit
from modpkg.model.settings import Settings


class Dhcp(Document):
    """How nodes get their addresses: from the head, or from a server that is there already (`proxy`)."""

    mode: Literal["full", "proxy"]
    interface: Device
    network: Network
    range: AddressRange | None = None
    router: Address | None = None
    lease_seconds: int = Field(default=43200, ge=120)


class Chroot(Document):
    """A tree on an NFS server that nodes join under their root; `options` are more words for mount."""

    server: Word
    path: AbsolutePath
    mode: Literal["live", "generation"] = "live"
    options: Word | None = None


class SecureBoot(Document):
    """A site's key and its certificate, in PEM on the head, which sign the programs of nodes that boot `uki`."""

    key: AbsolutePath
    certificate: AbsolutePath


class Cluster(Document):
    """`recipes/cluster.yaml`. `address` is the head's on the network that nodes boot from."""

    name: Name
    summary: str = ""
    address: Address
    port: Annotated[int, Field(ge=1, le=65535)] = 80
    domain: Domain | None = None
    dhcp: Dhcp
    secure_boot: SecureBoot | None = None
    chroots: dict[Name, Chroot] = Field(default_factory=dict)
    roles: dict[Name, tuple[Unit, ...]] = Field(default_factory=dict)
    defaults: Settings = Settings()

    @property
    def url(self) -> str:
        """Where nodes find the head by HTTP, without a slash at the end."""
        return f"http://{self.address}" if self.port == 80 else f"http://{self.address}:{self.port}"  # noqa: PLR2004
