"""Addresses in documents: those of network cards, of IPv4, and networks. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

_MAC: Final = r"[0-9a-f]{2}(:[0-9a-f]{2}){5}"
MACS_PATTERN: Final = rf"^{_MAC}( {_MAC})*$"
DEVICE_PATTERN: Final = r"^[A-Za-z0-9_.-]{1,15}$"
DOMAIN_PATTERN: Final = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"
DHCP: Final = "dhcp"


def _address(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError as error:
        raise ValueError(f"{text!r} is not an IPv4 address, such as 10.0.0.1") from error


def _network(text: str) -> str:
    try:
        return str(IPv4Network(text)) if "/" in text else _refuse(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an IPv4 network, such as 10.0.0.0/16") from error


def _interface(text: str) -> str:
    try:
        return text if text == DHCP else str(IPv4Interface(text)) if "/" in text else _refuse(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is neither dhcp nor an address with its network, 10.1.0.5/16") from error


def _range(text: str) -> str:
    try:
        first, last = map(IPv4Address, text.split("-"))
    except ValueError as error:
        raise ValueError(f"{text!r} is not a range of addresses, such as 10.0.9.1-10.0.9.99") from error
    if last < first:
        raise ValueError(f"the range {text!r} ends before it begins")
    return text


def _macs(text: str) -> str:
    # The lowest bit of the first octet tells that an address is one of many cards, not of one (IEEE 802).
    many = [mac for mac in text.split(" ") if int(mac[:2], 16) & 1]
    if many:
        raise ValueError(f"{many[0]} is no card's address: it is one of groups of cards")
    return text


def _refuse(text: str) -> str:
    raise ValueError(text)


Macs = Annotated[str, StringConstraints(pattern=MACS_PATTERN), AfterValidator(_macs)]
Device = Annotated[str, StringConstraints(pattern=DEVICE_PATTERN)]
Domain = Annotated[str, StringConstraints(pattern=DOMAIN_PATTERN)]
Address = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
InterfaceAddress = Annotated[str, AfterValidator(_interface)]
AddressRange = Annotated[str, AfterValidator(_range)]


def ends_of(addresses: str) -> tuple[IPv4Address, IPv4Address]:
    """Give the first and the last address of a range."""
    first, last = map(IPv4Address, addresses.split("-"))
    return first, last
