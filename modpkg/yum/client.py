"""What sets up a client of dnf: a .repo file. Pure; whether the address is right is not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def render_repo(name: str, address: str, channels: Iterable[str], *, enabled: str, key: str) -> str:
    """Give a .repo file with a section a channel, of which one is enabled; `key` is the keys' address.

    Signatures are required, of indices and of packages.
    """
    return "\n".join(
        f"[{name}-{channel}]\n"
        f"name={name} {channel}\n"
        f"mirrorlist={address}/rpm/{channel}.mirrorlist\n"
        f"enabled={int(channel == enabled)}\n"
        "gpgcheck=1\n"
        "repo_gpgcheck=1\n"
        f"gpgkey={key}\n"
        for channel in channels
    )
