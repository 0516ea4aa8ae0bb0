#!/bin/busybox sh
# Nothing of the image is used before its sha256 is the one that the kernel's arguments name.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

wanted=$(argument modpkg.sha256)
case $wanted in
    *[!0-9a-f]* | '') fail "no modpkg.sha256= among the kernel's arguments, or not in lower-case hexadecimal" ;;
esac

found=$(sha256sum "$image")
found=${found%% *}
if [ "$found" != "$wanted" ]; then
    rm -f "$image"
    fail "the image's sha256 is $found, wanted $wanted"
fi
