#!/bin/busybox sh
# Loads the kernel modules that no device asks for, then those that the devices found ask for.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

drivers=/lib/modpkg/drivers

# Words, not lines: no module's name and no alias has a space. Globs in aliases are not for the shell.
set -f

if [ -e "$drivers.squashfs" ]; then
    modprobe -a loop squashfs || fail "cannot load loop and squashfs"
    mount -t squashfs -o ro,loop "$drivers.squashfs" "$drivers" || fail "cannot mount the drivers"
fi

always=$(cat /lib/modpkg/modules)
if [ -n "$always" ]; then
    # shellcheck disable=SC2086  # one word a module
    modprobe -a $always || fail "cannot load one of: $(tr '\n' ' ' </lib/modpkg/modules)"
fi

# A driver of a bus finds devices that ask for more drivers: again, until nothing new is asked for.
# busybox takes an empty list of patterns for one that everything matches.
echo >/tmp/asked
read -r buses </lib/modpkg/buses
for _ in 1 2 3 4 5; do
    set +f
    new=$(cat /sys/bus/*/devices/*/modalias 2>/dev/null | grep -E "$buses" | sort -u | grep -vxFf /tmp/asked)
    set -f
    [ -n "$new" ] || break
    echo "$new" >>/tmp/asked
    # shellcheck disable=SC2086  # one word an alias; most have no driver here, which is no fault
    modprobe -a -q $new 2>/dev/null || true
    while read -r follower firsts; do
        for first in $firsts; do
            if [ -d "/sys/module/$first" ]; then
                modprobe -q "$follower" || true
            fi
        done
    done </lib/modpkg/followers
done
