"""Drivers for the initrd by classes of machines, and the firmware that drivers ask for.

A class is a list of modules, not a folder of the kernel's source: a card that no server has for twenty years is no
reason for a larger initrd. A kernel may lack some of a class: what it has is taken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from modpkg.initramfs.kernel_modules import ModuleTable

# In a list of modules, a word with this in front names a class.
CLASS: Final = "@"
CLASSES: Final = {
    # Cards and disks of QEMU, VMware, Hyper-V, Xen and the large clouds.
    "virtual": (
        *("e1000", "e1000e", "ena", "gve", "hv_netvsc", "hv_storvsc", "mana", "virtio_blk", "virtio_net"),
        *("virtio_pci", "virtio_scsi", "vmw_pvscsi", "vmxnet3", "xen_blkfront", "xen_netfront"),
    ),
    # Network adapters that servers are sold with, or were in the last fifteen years.
    "ethernet": (
        *(
            "atlantic",
            "be2net",
            "bna",
            "bnx2",
            "bnx2x",
            "bnxt_en",
            "cxgb3",
            "cxgb4",
            "cxgb4vf",
            "e1000",
            "e1000e",
        ),
        *(
            "enic",
            "fm10k",
            "hinic",
            "i40e",
            "iavf",
            "ice",
            "igb",
            "igbvf",
            "igc",
            "ionic",
            "ixgbe",
            "ixgbevf",
        ),
        *("liquidio", "mlx4_core", "mlx4_en", "mlx5_core", "myri10ge", "netxen_nic", "nfp", "qede", "qlcnic"),
        *("qlge", "r8169", "sfc", "sfc_falcon", "sfc_siena", "sky2", "tg3", "amd_xgbe"),
    ),
    # What disks of servers hang on, for nodes that use theirs before the image runs.
    "storage": (
        *(
            "aacraid",
            "ahci",
            "arcmsr",
            "hpsa",
            "megaraid_sas",
            "mpi3mr",
            "mpt3sas",
            "nvme",
            "sd_mod",
            "smartpqi",
        ),
        *("ata_piix", "isci", "mvsas", "pm80xx"),
    ),
}
# MODULE_FIRMWARE of the kernel's source: texts in the section .modinfo, each behind a zero byte.
FIRMWARE: Final = re.compile(rb"\0firmware=([^\0]+)")
FIRMWARE_PLACE: Final = "usr/lib/firmware"


def expand(table: ModuleTable, names: Iterable[str]) -> Iterator[str]:
    """Give the modules that names and classes mean; raises BadInputError for a class that there is not."""
    for name in names:
        if not name.startswith(CLASS):
            yield name
            continue
        members = CLASSES.get(name.removeprefix(CLASS))
        if members is None:
            hint = f"there are {', '.join(CLASS + known for known in CLASSES)}"
            raise BadInputError(
                f"cannot put {name!r} into the initrd: there is no such class of drivers", hint=hint
            )
        yield from (member for member in members if table.has(member))


def firmware_of(module: bytes) -> tuple[str, ...]:
    """Give the paths, below the folder of firmware, of the files that a driver may ask for."""
    return tuple(sorted({found.decode() for found in FIRMWARE.findall(module)}))
