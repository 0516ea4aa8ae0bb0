#!/bin/busybox sh
# The root file system: the image, read-only, above it what a site laid over it, and a limited share of memory
# that takes all changes.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

lower=/run/modpkg/lower
above=/run/modpkg/site
changes=/run/modpkg/changes

mkdir -p "$lower" "$changes"
mount -t squashfs -o ro,loop "$image" "$lower" || fail "cannot mount the image"
layers=$lower
if [ -e "$site" ]; then
    mkdir -p "$above"
    mount -t squashfs -o ro,loop "$site" "$above" || fail "cannot mount the site layer"
    layers=$above:$lower
fi
mount -t tmpfs -o mode=755,size=50% tmpfs "$changes" || fail "cannot mount $changes"
mkdir "$changes/upper" "$changes/work"
# The upper directory's mode becomes that of /.
chmod 755 "$changes/upper"
mount -t overlay -o "lowerdir=$layers,upperdir=$changes/upper,workdir=$changes/work" overlay "$newroot" ||
    fail "cannot lay the changes over the image"
