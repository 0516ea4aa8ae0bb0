#!/bin/busybox sh
# Nothing of the image, nor of what a site laid over it, is used before its sha256 is the one that the kernel's
# arguments name. Of a layered image they name that of the list of layers, and the list names theirs.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

wanted=$(digest modpkg.sha256) || exit 1
if [ -e "$layers" ]; then
    verify "$layers" "$wanted" "the list of layers"
    while read -r wanted name; do
        verify "${layers%/*}/$name" "$wanted" "layer $name"
    done <"$layers"
else
    verify "$image" "$wanted" "the image"
fi
if [ -e "$site" ]; then
    wanted=$(digest modpkg.site-sha256) || exit 1
    verify "$site" "$wanted" "the site layer"
fi
