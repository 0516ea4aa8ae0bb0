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
# Who was told of the stages is told of the end too, by a unit in /run: the image knows nothing of heads.
url=$(argument modpkg.report)
if [ -n "$url" ]; then
    cp /lib/modpkg/tell.sh /run/modpkg/tell.sh
    cp "$events_file" /run/modpkg/events
    printf '%s\n' "$url" >/run/modpkg/report
    units=/run/systemd/system
    mkdir -p "$units/multi-user.target.wants"
    # Type=exec, not oneshot: its job ends as it starts, so that the script can wait until no job is left.
    cat >"$units/modpkg-report.service" <<END
[Unit]
Description=Report to the head that the node is up
After=multi-user.target

[Service]
Type=exec
ExecStart=/bin/sh /run/modpkg/tell.sh
END
    ln -s ../modpkg-report.service "$units/multi-user.target.wants/modpkg-report.service"
fi

# mount_early UNIT TYPE PLACE [OPTIONS]: what systemd would mount by a unit and a program each, which takes far longer. A
# link in the place of the unit says that this image wants none.
mount_early() {
    if [ ! -L "$newroot/etc/systemd/system/$1" ]; then
        mount -t "$2" ${4:+-o "$4"} "$2" "$3" 2>/dev/null
    fi
}

mkdir -p /dev/hugepages /dev/mqueue
mount_early dev-hugepages.mount hugetlbfs /dev/hugepages
mount_early dev-mqueue.mount mqueue /dev/mqueue nosuid,nodev,noexec
mount_early sys-kernel-debug.mount debugfs /sys/kernel/debug nosuid,nodev,noexec
mount_early sys-kernel-tracing.mount tracefs /sys/kernel/tracing nosuid,nodev,noexec

# Its memory is free once nothing holds it.
umount /lib/modpkg/drivers 2>/dev/null
for place in dev proc sys run; do
    mount --move "/$place" "$newroot/$place" || give_up hand-over "the image has no /$place"
done
# From nothing: what the kernel and the stages set is not the services' business.
exec env -i TERM=linux /bin/busybox switch_root "$newroot" /sbin/init
