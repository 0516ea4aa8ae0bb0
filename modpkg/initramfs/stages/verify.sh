#!/bin/busybox sh
# Nothing of the image, nor of what a site laid over it, is used before its sha256 is the one that the kernel's
# arguments name.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

# verify FILE NAME WORDS: NAME is the argument with the digest.
verify() {
    wanted=$(argument "$2")
    case $wanted in
        *[!0-9a-f]* | '') fail "no $2= among the kernel's arguments, or not in lower-case hexadecimal" ;;
    esac
    found=$(sha256sum "$1")
    found=${found%% *}
    if [ "$found" != "$wanted" ]; then
        rm -f "$1"
        fail "$3's sha256 is $found, wanted $wanted"
    fi
}

verify "$image" modpkg.sha256 "the image"
if [ -e "$site" ]; then
    verify "$site" modpkg.site-sha256 "the site layer"
fi
