"""Configuration files of systemd for one node: mounts, network devices. Pure.

The forms are those of systemd.mount(5), systemd.automount(5), systemd.network(5), systemd.link(5) and, for the
names of units, systemd-escape(1).
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Final

from modpkg.model.address import DHCP

if TYPE_CHECKING:
    from modpkg.model.settings import Mount, NodeNetwork, Share

SHARE_PLACE: Final = "/srv/common"
UNITS: Final = "/etc/systemd/system"
NETWORKS: Final = "/etc/systemd/network"
PLAIN: Final = frozenset(f"{string.ascii_letters}{string.digits}:_.")
REMOTE: Final = ("nfs", "nfs4")
# Names that the kernel gives. udev gives others, unless it is told to keep these.
KERNEL_NAME: Final = re.compile(r"eth[0-9]+")
MARK: Final = "# Made by: modpkg head\n"
SHARE_UNIT: Final = """\
[Unit]
Description=The site's share
# Early, for files that services read as they start: the initrd has the network up already.
DefaultDependencies=no
Conflicts=umount.target
Before=umount.target
After=systemd-modules-load.service

[Mount]
What={what}
Where={where}
Type=nfs
Options={options}
TimeoutSec=45
"""


def escape_path(path: str) -> str:
    """Give the name of the unit for a path, without its ending, as systemd-escape --path does."""
    inner = path.strip("/")
    if not inner:
        return "-"
    return "".join(
        "-" if letter == "/" else letter if letter in PLAIN and (index or letter != ".") else _hex(letter)
        for index, letter in enumerate(inner)
    )


def mount_files(path: str, mount: Mount) -> dict[str, str]:
    """Give the files of a mount that is made when it is first looked into."""
    name = escape_path(path)
    target = "remote-fs.target" if mount.type in REMOTE else "local-fs.target"
    options = f"Options={_value(mount.options)}\n" if mount.options else ""
    where = _value(path)
    return {
        f"{UNITS}/{name}.mount": (
            f"{MARK}[Mount]\nWhat={_value(mount.source)}\nWhere={where}\nType={mount.type}\n{options}TimeoutSec=60\n"
        ),
        f"{UNITS}/{name}.automount": (
            f"{MARK}[Unit]\nBefore={target}\n\n[Automount]\nWhere={where}\n\n[Install]\nWantedBy={target}\n"
        ),
    }


def mount_links(path: str, mount: Mount) -> dict[str, str]:
    """Give the links that start what `mount_files` has, by their paths."""
    target = "remote-fs.target" if mount.type in REMOTE else "local-fs.target"
    unit = f"{escape_path(path)}.automount"
    return {f"{UNITS}/{target}.wants/{unit}": f"../{unit}"}


def share_files(share: Share) -> dict[str, str]:
    """Give the unit that mounts the site's share; services that read it want it."""
    text = SHARE_UNIT.format(
        what=_value(share.source), where=_value(SHARE_PLACE), options=_value(share.options)
    )
    return {f"{UNITS}/{escape_path(SHARE_PLACE)}.mount": MARK + text}


def network_files(device: str, network: NodeNetwork) -> dict[str, str]:
    """Give the files of one network device."""
    link = f"\n[Link]\nMTUBytes={network.mtu}\n" if network.mtu else ""
    addresses = "DHCP=ipv4\n" if network.address == DHCP else f"Address={network.address}\n"
    if network.gateway:
        addresses += f"Gateway={network.gateway}\n"
    files = {
        f"{NETWORKS}/20-modpkg-{device}.network": (
            f"{MARK}[Match]\nName={device}\n{link}\n[Network]\nLinkLocalAddressing=no\n{addresses}"
        )
    }
    if KERNEL_NAME.fullmatch(device):
        files[f"{NETWORKS}/20-modpkg-{device}.link"] = (
            f"{MARK}[Match]\nOriginalName={device}\n\n[Link]\nName={device}\n"
        )
    return files


def _hex(letter: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in letter.encode())


def _value(text: str) -> str:
    # A percent sign begins a specifier.
    return text.replace("%", "%%")
