#!/bin/busybox sh
# Programs of the image, for stages between its overlay and the hand-over: what is there, the initrd need not carry.
# They come with the libraries and kernel modules that they were made for. Defines, does nothing.

# shellcheck source=library.sh
. /lib/modpkg/library.sh

# enter_image: from now on programs of the image see the kernel and the devices, as they will later.
enter_image() {
    for _place in dev proc sys run; do
        mount --bind "/$_place" "$newroot/$_place" || fail "the image has no /$_place"
    done
}

leave_image() {
    for _place in run sys proc dev; do
        umount "$newroot/$_place" || umount -l "$newroot/$_place"
    done
}

# tool PROGRAM WORD...: runs a program of the image. By its path: busybox would prefer its own of the same name.
tool() {
    _program=$1
    shift
    chroot "$newroot" "/usr/sbin/$_program" "$@"
}

# need_tools MODULE PROGRAM...: fails if the image lacks one, with the recipe that has it.
need_tools() {
    _recipe=$1
    shift
    for _program in "$@"; do
        [ -x "$newroot/usr/sbin/$_program" ] || [ -L "$newroot/usr/sbin/$_program" ] ||
            fail "the image lacks /usr/sbin/$_program: add the module $_recipe to it"
    done
}

# load_modules NAME...: loads kernel modules of the image; what is built in, or is not there, is no fault here.
load_modules() {
    tool modprobe --all --quiet "$@" || true
}

# load_disk_drivers: drivers of the image for disks and their controllers that the initrd had none for.
load_disk_drivers() {
    set -f
    _asked=
    for _ in 1 2 3 4 5; do
        # PCI's class 1 is mass storage; virtio's devices 2 and 8 are disks and SCSI.
        _aliases=$(find /sys/devices -name modalias -exec cat {} + 2>/dev/null |
            grep -E '^(pci:.*bc01|virtio:d0000000[28]|scsi:|vmbus:|xen:vbd)' | sort -u)
        if [ "$_aliases" = "$_asked" ]; then
            break
        fi
        _asked=$_aliases
        # shellcheck disable=SC2086  # one word an alias
        load_modules $_aliases 2>/dev/null
    done
    set +f
}
