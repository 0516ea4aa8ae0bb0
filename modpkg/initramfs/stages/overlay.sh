#!/bin/busybox sh
# The root file system: the image, read-only, above it what a site laid over it, and a limited share of memory
# that takes all changes.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

lower=/run/modpkg/lower
above=/run/modpkg/site
changes=/run/modpkg/changes

# map_verity: the image once more, behind dm-verity, which gives no block that the root hash does not vouch for. The
# program that sets it up is the image's own: all of it was just found to be right.
map_verity() {
    root=$(digest modpkg.verity-root) || exit 1
    modprobe dm_verity || fail "the initrd has no dm_verity"
    data=$(losetup -f)
    losetup -r "$data" "$image" || fail "no loop device for the image"
    tree=$(losetup -f)
    losetup -r "$tree" "$verity" || fail "no loop device for the hash tree"
    blocks=$(($(stat -c %s "$image") / 4096))
    for place in dev proc; do
        mount --bind "/$place" "$lower/$place" || fail "the image has no /$place"
    done
    DM_DISABLE_UDEV=1 chroot "$lower" /usr/sbin/dmsetup create modpkg-root --readonly --table \
        "0 $((blocks * 8)) verity 1 $data $tree 4096 4096 $blocks 0 sha256 $root -" 2>/tmp/dmsetup.log ||
        fail "dm-verity: $(head -n 1 /tmp/dmsetup.log)"
    umount "$lower/proc" "$lower/dev" "$lower" || fail "cannot unmount the image as it was"
}

mkdir -p "$lower" "$changes"
if [ -e "$layers" ]; then
    stack=
    while read -r _ name; do
        place=/run/modpkg/layers/$name
        mkdir -p "$place"
        mount -t squashfs -o ro,loop "${layers%/*}/$name" "$place" || fail "cannot mount layer $name"
        # The list has the lowest first, the kernel wants the topmost first.
        stack=$place${stack:+:$stack}
    done <"$layers"
else
    mount -t squashfs -o ro,loop "$image" "$lower" || fail "cannot mount the image"
    if [ -e "$verity" ]; then
        map_verity
        mount -t squashfs -o ro /dev/mapper/modpkg-root "$lower" || fail "dm-verity: the hash tree is not the image's"
    fi
    stack=$lower
fi
if [ -e "$site" ]; then
    mkdir -p "$above"
    mount -t squashfs -o ro,loop "$site" "$above" || fail "cannot mount the site layer"
    stack=$above:$stack
fi
size=$(argument modpkg.overlay-size 50%)
mount -t tmpfs -o "mode=755,size=$size" tmpfs "$changes" ||
    fail "cannot mount $changes: modpkg.overlay-size=$size is no size such as 50% or 2g"
mkdir "$changes/upper" "$changes/work"
# The upper directory's mode becomes that of /.
chmod 755 "$changes/upper"
mount -t overlay -o "lowerdir=$stack,upperdir=$changes/upper,workdir=$changes/work" overlay "$newroot" ||
    fail "cannot lay the changes over the image"

in_mb() {
    awk -v "name=$1:" '$1 == name { printf "%d", $2 * 1.024 / 1000 }' /proc/meminfo
}
held=$(du -sk "${image%/*}" | awk '{ printf "%d", $1 * 1.024 / 1000 }')
detail "image $held MB, changes at most $size, free $(in_mb MemAvailable) of $(in_mb MemTotal) MB"
