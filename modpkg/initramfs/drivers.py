"""Drivers for the initrd by classes of machines, and the firmware that drivers ask for.

A class is a list of modules, not a folder of the kernel's source: a card that no server has for twenty years is no
reason for a larger initrd. A kernel may lack some of a class: what it has is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

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
# Those of all classes, and of what they stand on, that ask for firmware, and how the names of theirs begin: the rest,
# thirty megabytes, and those whose firmware the image has not, need not be read.
ASKING: Final = {
    "bna": "ct",
    "bnx2": "bnx2/",
    "bnx2x": "bnx2x/",
    "cxgb3": "cxgb3/",
    "cxgb4": "cxgb4/",
    "ice": "intel/ice/",
    "isci": "isci/",
    "liquidio": "liquidio/",
    "myri10ge": "myri10ge_",
    "netxen_nic": "phanfw",
    "nfp": "netronome/",
    "qed": "qed/",
    "qlcnic": "phanfw",
    "r8169": "rtl_nic/",
    "tg3": "tigon/",
}
# MODULE_FIRMWARE of the kernel's source: texts in the section .modinfo, each behind a zero byte.
FIRMWARE: Final = b"\0firmware="
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


def asking(names: Iterable[str], named: Collection[str], firmware: Collection[str]) -> Iterator[str]:
    """Give those drivers that may ask for one of these files of firmware.

    Nothing is known of one that is in no class, and `named` by a recipe.
    """
    known = {name for members in CLASSES.values() for name in members}
    for name in names:
        begin = ASKING.get(name, "")
        if (begin or (name in named and name not in known)) and any(
            file.startswith(begin) for file in firmware
        ):
            yield name


def firmware_of(module: bytes) -> tuple[str, ...]:
    """Give the paths, below the folder of firmware, of the files that a driver may ask for."""
    # Megabytes are searched: a regular expression takes ten times as long.
    names = {text.partition(b"\0")[0] for text in module.split(FIRMWARE)[1:]}
    return tuple(sorted(name.decode() for name in names if name))
