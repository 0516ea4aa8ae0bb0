#!/bin/busybox sh
# Loads the kernel modules that no device asks for, then those that the devices found ask for.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

# Words, not lines: no module's name and no alias has a space. Globs in aliases are not for the shell.
set -f

always=$(cat /lib/modpkg/modules)
if [ -n "$always" ]; then
    # shellcheck disable=SC2086  # one word a module
    modprobe -a $always || fail "cannot load one of: $(tr '\n' ' ' </lib/modpkg/modules)"
fi

# A driver of a bus finds devices that ask for more drivers: again, until nothing new is asked for.
asked=
for _ in 1 2 3 4 5; do
    found=$(find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort -u)
    if [ "$found" = "$asked" ]; then
        break
    fi
    asked=$found
    # shellcheck disable=SC2086  # one word an alias; most have no driver here, which is no fault
    modprobe -a -q $found 2>/dev/null || true
done
