#!/bin/busybox sh
# The kernel's file systems, and the names of busybox's programs. /run stays when the image takes over.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

/bin/busybox --install -s /bin || fail "cannot make the names of busybox's programs"
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys || fail "cannot mount /sys"
mount -t devtmpfs -o nosuid,mode=755 devtmpfs /dev || fail "cannot mount /dev"
mount -t tmpfs -o nosuid,nodev,mode=755,size=20% tmpfs /run || fail "cannot mount /run"
mkdir -p /run/modpkg || fail "cannot make /run/modpkg"
