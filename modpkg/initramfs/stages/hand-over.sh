#!/bin/busybox sh
# Gives the node to the image's init, which becomes process 1 in our place; so this is run by exec.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

# A link to an absolute path leads elsewhere from here: its being there is what can be asked.
if [ ! -e "$newroot/sbin/init" ] && [ ! -L "$newroot/sbin/init" ]; then
    give_up hand-over "the image has no /sbin/init"
fi
cp /etc/resolv.conf /run/modpkg/resolv.conf 2>/dev/null
say hand-over end
# Reports still under way would be cut off.
wait

# Its memory is free once nothing holds it.
umount /lib/modpkg/drivers 2>/dev/null
for place in dev proc sys run; do
    mount --move "/$place" "$newroot/$place" || give_up hand-over "the image has no /$place"
done
# From nothing: what the kernel and the stages set is not the services' business.
exec env -i TERM=linux /bin/busybox switch_root "$newroot" /sbin/init
