"""What sets up a client of apt: deb822 sources. Pure; whether the address is right is not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.apt.release import COMPONENT

if TYPE_CHECKING:
    from collections.abc import Iterable


def render_sources(address: str, channels: Iterable[str], *, enabled: str, signed_by: str) -> str:
    """Give a .sources file with a stanza a channel, of which one is enabled.

    `signed_by` is the path of a key ring, or ASCII-armored keys themselves.
    """
    return "\n".join(
        "Types: deb\n"
        f"URIs: {address}\n"
        f"Suites: {channel}\n"
        f"Components: {COMPONENT}\n"
        f"Enabled: {'yes' if channel == enabled else 'no'}\n"
        f"Signed-By:{_signed_by(signed_by)}\n"
        for channel in channels
    )


def _signed_by(text: str) -> str:
    if not text.startswith("-----BEGIN"):
        return f" {text}"
    # deb822 has no empty lines inside of a field: a dot stands for one.
    return "".join(f"\n {line or '.'}" for line in text.strip().splitlines())
