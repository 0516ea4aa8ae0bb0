"""Joins an untagged network to a VLAN of a tagged one, as a port of a switch does: this kernel may have no 802.1Q.

Usage: python -m tests.support.vlan_switch TAGGED UNTAGGED NUMBER
It makes both devices (taps) and copies frames between them until it is ended. A tag is four bytes after the two
addresses: 0x8100, then 4 bits that are no matter here and 12 of the VLAN's number (IEEE 802.1Q).
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
ADDRESSES = 12
TAGGED = 0x8100
LONGEST = 65536


def open_tap(name: str) -> int:
    """Make a tap device and give its end: a read gives a frame, a write sends one."""
    end = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return end


def without_tag(frame: bytes, number: int) -> bytes | None:
    """Give a frame of this VLAN as stations see it; None if it is of another."""
    kind, tag = struct.unpack_from("!HH", frame, ADDRESSES)
    if kind != TAGGED or tag & 0xFFF != number:
        return None
    return frame[:ADDRESSES] + frame[ADDRESSES + 4 :]


def with_tag(frame: bytes, number: int) -> bytes:
    """Give a frame as it is sent over the tagged network."""
    return frame[:ADDRESSES] + struct.pack("!HH", TAGGED, number) + frame[ADDRESSES:]


def main() -> None:
    """Copy frames until ended."""
    tagged, untagged = map(open_tap, sys.argv[1:3])
    number = int(sys.argv[3])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        ready, _, _ = select.select([tagged, untagged], [], [])
        if tagged in ready and (frame := without_tag(os.read(tagged, LONGEST), number)):
            os.write(untagged, frame)
        if untagged in ready:
            os.write(tagged, with_tag(os.read(untagged, LONGEST), number))


if __name__ == "__main__":
    main()
