#!/bin/busybox sh
# The first program of a node. Runs the stages in order, tells of each on the console, and ends by
# handing over to the image's own init. Stages are programs of their own: what one sets, no other sees.

export PATH=/bin
/bin/busybox mount -t proc -o nosuid,nodev,noexec proc /proc
# Read now: hand-over moves /proc away, and stages take their arguments from here alone.
read -r MODPKG_ARGUMENTS </proc/cmdline
export MODPKG_ARGUMENTS

# shellcheck source=library.sh
. /lib/modpkg/library.sh

if flag debug; then
    set -x
fi

for stage in mounts modules network fetch verify overlay disks settings check; do
    run_stage "$stage"
done

shell_before hand-over
say hand-over start
exec /bin/busybox sh /lib/modpkg/stages/hand-over.sh
