"""The configuration of dnsmasq: addresses and the first program of machines that boot by the network. Pure.

The tags follow RFC 4578 (client architectures) and iPXE's own option 175.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from modpkg.model.cluster import Cluster
    from modpkg.model.inventory import Nodes
    from modpkg.node.uki import HeadUki

BIOS_PROGRAM: Final = "undionly.kpxe"
UEFI_PROGRAM: Final = "snponly.efi"
PROGRAMS: Final = (BIOS_PROGRAM, UEFI_PROGRAM)
MATCHES: Final = """\
# iPXE, once it runs; UEFI for x86-64 has two numbers; 16 is UEFI that fetches by HTTP.
dhcp-match=set:ipxe,175
dhcp-match=set:efi64,option:client-arch,7
dhcp-match=set:efi64,option:client-arch,9
dhcp-match=set:http,option:client-arch,16
dhcp-vendorclass=set:http,HTTPClient
"""
FULL_BOOT: Final = """\
# Firmware that fetches by HTTP ignores an answer that does not call itself so.
dhcp-option-force=tag:http,tag:!ipxe,60,HTTPClient
dhcp-boot=tag:!ipxe,tag:!uki,tag:http,{url}/tftp/{uefi}
dhcp-boot=tag:!ipxe,tag:!uki,tag:!http,tag:efi64,{uefi},,{address}
dhcp-boot=tag:!ipxe,tag:!http,tag:!efi64,{bios},,{address}
dhcp-boot=tag:ipxe,{script}
"""
UKI_BOOT: Final = """\
dhcp-boot=tag:!ipxe,tag:uki-{mark},tag:http,{url}/uki/{file}
dhcp-boot=tag:!ipxe,tag:uki-{mark},tag:!http,tag:efi64,uki/{file},,{address}
"""
PROXY_BOOT: Final = """\
# No list of servers by multicast: this one is the server.
dhcp-option=vendor:PXEClient,6,2b
pxe-service=tag:!ipxe,x86PC,"modpkg",{bios},{address}
pxe-service=tag:!ipxe,X86-64_EFI,"modpkg",{uefi},{address}
pxe-service=tag:!ipxe,BC_EFI,"modpkg",{uefi},{address}
pxe-service=tag:ipxe,x86PC,"modpkg",{script}
pxe-service=tag:ipxe,X86-64_EFI,"modpkg",{script}
pxe-service=tag:ipxe,BC_EFI,"modpkg",{script}
"""


def dnsmasq_text(cluster: Cluster, root: Path, ukis: Sequence[HeadUki] = ()) -> str:
    """Give dnsmasq.conf for a head whose files lie in `root`; `ukis` are the EFI programs that nodes are given."""
    proxy = cluster.dhcp.mode == "proxy"
    words = {
        "url": cluster.url,
        "address": cluster.address,
        "bios": BIOS_PROGRAM,
        "uefi": UEFI_PROGRAM,
        "script": f"{cluster.url}/boot/${{netX/mac}}.ipxe",
    }
    return "\n".join(
        [
            f"# The head of the cluster {cluster.name}. Made by: modpkg head",
            "port=0",
            f"interface={cluster.dhcp.interface}",
            "bind-dynamic",
            "log-dhcp",
            "enable-tftp",
            f"tftp-root={root}/current/tftp",
            *(_proxy(cluster) if proxy else _full(cluster, root)),
            MATCHES + (PROXY_BOOT if proxy else FULL_BOOT).format(**words) + _ukis(cluster, ukis),
        ]
    )


def hosts_text(nodes: Nodes, ukis: Mapping[str, HeadUki]) -> str:
    """Give the file of known machines, one line a node: MACs, what it boots by, address, name."""
    lines = []
    for name, node in nodes.nodes.items():
        words = [*node.macs]
        if name in ukis:
            words += ["set:uki", f"set:uki-{ukis[name].mark}"]
        if node.address:
            words.append(node.address)
        lines.append(f"{','.join(words)},{name}\n")
    return "".join(lines)


def _ukis(cluster: Cluster, ukis: Sequence[HeadUki]) -> str:
    texts = [
        UKI_BOOT.format(mark=uki.mark, file=uki.file, url=cluster.url, address=cluster.address)
        for uki in ukis
    ]
    return "".join(texts)


def _proxy(cluster: Cluster) -> Iterator[str]:
    network = IPv4Network(cluster.dhcp.network)
    yield f"dhcp-range={network.network_address},proxy,{network.netmask}"


def _full(cluster: Cluster, root: Path) -> Iterator[str]:
    network, lease = IPv4Network(cluster.dhcp.network), cluster.dhcp.lease_seconds
    yield "dhcp-authoritative"
    yield f"dhcp-leasefile={root}/leases"
    yield f"dhcp-hostsfile={root}/current/hosts"
    # Known machines alone get an address of their own; the range is for those without one.
    yield f"dhcp-range={network.network_address},static,{network.netmask},{lease}"
    if cluster.dhcp.range:
        first, last = cluster.dhcp.range.split("-")
        yield f"dhcp-range={first},{last},{network.netmask},{lease}"
    if cluster.dhcp.router:
        yield f"dhcp-option=option:router,{cluster.dhcp.router}"
    else:
        yield "dhcp-option=option:router"
    if cluster.domain:
        yield f"domain={cluster.domain}"
    resolver = cluster.defaults.resolver
    yield f"dhcp-option=option:dns-server{''.join(f',{server}' for server in resolver.servers) if resolver else ''}"
    if resolver and resolver.search:
        yield f"dhcp-option=option:domain-search,{','.join(resolver.search)}"
