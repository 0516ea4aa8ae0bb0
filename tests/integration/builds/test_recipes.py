"""The recipes of this checkout: sound, locked and released."""

from pathlib import Path

import pytest

from modpkg.formats.catalogue import load_catalogue
from modpkg.pipeline.platform_lock import Wish, load_platform_lock, lock_path
from modpkg.pipeline.release_module import unreleased
from modpkg.rootfs.kernel import prune_drivers
from modpkg.squashfs.pack import tool_versions

pytestmark = pytest.mark.programs
RECIPES = Path(__file__).parents[3] / "recipes"
# Those of Debian 12: inputs name the versions of programs that make bits, and releases were made there.
TOOLS = {"mksquashfs": "4.5.1", "zstd": "1.5.4"}
PLATFORMS = sorted(path.stem for path in (RECIPES / "platforms").glob("*.yaml"))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_lock_is_not_stale(platform: str) -> None:
    wish = Wish.of(load_catalogue(RECIPES), platform)
    lock = load_platform_lock(lock_path(RECIPES, platform), wish)
    assert lock.modules.keys() == {request.module for request in wish.requests}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_module_is_released(platform: str) -> None:
    if tool_versions() != TOOLS:
        pytest.skip(f"releases are bound to {TOOLS}, this machine has {tool_versions()}")
    catalogue = load_catalogue(RECIPES)
    lock = load_platform_lock(lock_path(RECIPES, platform), Wish.of(catalogue, platform))
    assert unreleased(catalogue, lock) == ()


def test_every_image_is_of_modules_that_there_are() -> None:
    catalogue = load_catalogue(RECIPES)
    assert {"minimal", "compute", "storage"} <= catalogue.manifests.keys()


# Paths of Debian's linux-image-6.1.0-56-amd64: for each kind of driver that a node may need, some that differ.
KEPT_DRIVERS = (
    "drivers/ata/ahci.ko",
    "drivers/ata/ata_piix.ko",
    "drivers/nvme/host/nvme.ko",
    "drivers/nvme/host/nvme-rdma.ko",
    "drivers/scsi/megaraid/megaraid_sas.ko",
    "drivers/scsi/mpt3sas/mpt3sas.ko",
    "drivers/scsi/qla2xxx/qla2xxx.ko",
    "drivers/scsi/hpsa.ko",
    "drivers/scsi/sd_mod.ko",
    "drivers/message/fusion/mptsas.ko",
    "drivers/block/virtio_blk.ko",
    "drivers/block/nbd.ko",
    "drivers/target/iscsi/iscsi_target_mod.ko",
    "drivers/usb/storage/uas.ko",
    "drivers/firewire/firewire-sbp2.ko",
    "drivers/firewire/firewire-ohci.ko",
    "drivers/mmc/host/sdhci-pci.ko",
    "drivers/memstick/host/rtsx_pci_ms.ko",
    "drivers/staging/rts5208/rts5208.ko",
    "drivers/nvdimm/nd_pmem.ko",
    "drivers/ufs/core/ufshcd-core.ko",
    "drivers/mtd/ubi/ubi.ko",
    "drivers/cdrom/cdrom.ko",
    "drivers/net/ethernet/intel/ice/ice.ko",
    "drivers/net/ethernet/broadcom/bnxt/bnxt_en.ko",
    "drivers/net/ethernet/mellanox/mlx5/core/mlx5_core.ko",
    "drivers/net/ethernet/realtek/r8169.ko",
    "drivers/net/usb/r8152.ko",
    "drivers/net/bonding/bonding.ko",
    "drivers/net/phy/marvell.ko",
    "drivers/net/vxlan/vxlan.ko",
    "drivers/net/thunderbolt-net.ko",
    "drivers/firewire/firewire-net.ko",
    "drivers/staging/qlge/qlge.ko",
    "drivers/pcmcia/yenta_socket.ko",
    "net/bridge/bridge.ko",
    "net/openvswitch/openvswitch.ko",
    "net/sunrpc/sunrpc.ko",
    "drivers/infiniband/hw/mlx5/mlx5_ib.ko",
    "drivers/infiniband/ulp/ipoib/ib_ipoib.ko",
    "drivers/infiniband/sw/rxe/rdma_rxe.ko",
    "fs/xfs/xfs.ko",
    "fs/btrfs/btrfs.ko",
    "fs/nfs/nfsv4.ko",
    "fs/overlayfs/overlay.ko",
    "fs/squashfs/squashfs.ko",
    "fs/ceph/ceph.ko",
    "crypto/xts.ko",
    "crypto/async_tx/async_pq.ko",
    "arch/x86/crypto/aesni-intel.ko",
    "drivers/crypto/qat/qat_c62x/qat_c62x.ko",
    "drivers/crypto/ccp/ccp.ko",
    "lib/crypto/libchacha.ko",
    "drivers/md/raid456.ko",
    "drivers/md/dm-raid.ko",
    "drivers/md/dm-crypt.ko",
    "lib/raid6/raid6_pq.ko",
    "drivers/platform/x86/dell/dcdbas.ko",
    "drivers/platform/x86/intel/pmc/intel_pmc_core.ko",
    "drivers/char/ipmi/ipmi_si.ko",
    "drivers/acpi/nfit/nfit.ko",
    "drivers/edac/skx_edac.ko",
    "drivers/hwmon/coretemp.ko",
    "drivers/i2c/i2c-smbus.ko",
    "drivers/watchdog/iTCO_wdt.ko",
    "drivers/char/tpm/tpm_tis_spi.ko",
    "drivers/hid/usbhid/usbhid.ko",
    "drivers/hid/hid-generic.ko",
    "drivers/usb/host/xhci-pci.ko",
    "drivers/tty/serial/jsm/jsm.ko",
    "drivers/virtio/virtio_balloon.ko",
    "drivers/hv/hv_vmbus.ko",
)
LEFT_OUT_DRIVERS = (
    "sound/core/snd.ko",
    "drivers/media/usb/uvc/uvcvideo.ko",
    "drivers/gpu/drm/amd/amdgpu/amdgpu.ko",
    "drivers/video/fbdev/matrox/matroxfb_base.ko",
    "drivers/net/wireless/intel/iwlwifi/iwlwifi.ko",
    "net/mac80211/mac80211.ko",
    "drivers/bluetooth/btusb.ko",
    "drivers/hid/hid-logitech.ko",
    "drivers/staging/r8188eu/r8188eu.ko",
)


def test_the_kernel_has_drivers_of_servers_and_none_of_desks(tmp_path: Path) -> None:
    release = tmp_path / "usr/lib/modules/6.1.0"
    drivers = {f"kernel/{driver}" for driver in (*KEPT_DRIVERS, *LEFT_OUT_DRIVERS)}
    for driver in drivers:
        (release / driver).parent.mkdir(parents=True, exist_ok=True)
        (release / driver).touch()
    (release / "modules.dep").write_text("".join(f"{driver}:\n" for driver in sorted(drivers)))
    globs = load_catalogue(RECIPES).recipes["kernel"].recipe.kernel_modules
    removed = prune_drivers(tmp_path, release.name, exclude=globs)
    assert set(removed) == {f"kernel/{driver}" for driver in LEFT_OUT_DRIVERS}
    assert drivers - set(removed) == {f"kernel/{driver}" for driver in KEPT_DRIVERS}
