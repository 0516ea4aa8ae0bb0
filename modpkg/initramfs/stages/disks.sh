#!/bin/busybox sh
# The node's own disks, as its plan says. The plan comes from the head, and runs only if it is the one that the
# kernel's arguments name.

# shellcheck source=../zfs.sh
. /lib/modpkg/zfs.sh

url=$(argument modpkg.disks)
wanted=$(argument modpkg.disks-sha256)
plan=/run/modpkg/disks.sh

timeout 20 wget -q -O "$plan" "$url" 2>/tmp/wget.log || fail "cannot fetch $url: $(tail -n 1 /tmp/wget.log)"
found=$(sha256sum "$plan")
found=${found%% *}
if [ "$found" != "$wanted" ]; then
    fail "the disk plan's sha256 is $found, wanted ${wanted:-modpkg.disks-sha256=, which is not given}"
fi
# shellcheck source=/dev/null
. "$plan"
