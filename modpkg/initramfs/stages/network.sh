#!/bin/busybox sh
# An address on the first network device with a link: from ip= if it gives one, else by DHCP.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

link_seconds=20

# Every device but the loopback, with the link up; one whose cable is out has carrier 0 or none.
devices() {
    for path in /sys/class/net/*; do
        name=${path##*/}
        if [ -e "$path/device" ]; then
            echo "$name"
        fi
    done
}

linked() {
    for name in $(devices); do
        ip link set "$name" up 2>/dev/null
        if [ "$(cat "/sys/class/net/$name/carrier" 2>/dev/null)" = 1 ]; then
            echo "$name"
        fi
    done
}

wait_for_link() {
    waited=0
    while [ -z "$(linked)" ]; do
        if [ "$waited" -ge "$link_seconds" ]; then
            found=$(devices | tr '\n' ' ')
            fail "no link after $link_seconds s on: ${found:-no device; is its driver in the initrd?}"
        fi
        sleep 1
        waited=$((waited + 1))
    done
}

online() {
    : >"$online_file"
    detail "$1 $(ip -4 -o address show dev "$1" | awk '{ print $4; exit }')"
    exit 0
}

# ip=ADDRESS:SERVER:GATEWAY:MASK:HOST:DEVICE:..., as the kernel's documentation has it.
static_address() {
    IFS=: read -r address _ gateway mask _ device _ <<END
$1
END
    device=${device:-$(linked | head -n 1)}
    ip address add "$address/${mask:-255.255.255.0}" dev "$device" || fail "cannot set $address on $device"
    if [ -n "$gateway" ]; then
        ip route replace default via "$gateway" dev "$device" || fail "cannot route by $gateway"
    fi
    online "$device"
}

ip link set lo up
wait_for_link

ip_argument=$(argument ip)
case $ip_argument in
    [0-9]*) static_address "$ip_argument" ;;
esac

for pause in 1 2 4 8 15; do
    for device in $(linked); do
        if udhcpc -i "$device" -s /lib/modpkg/lease.sh -n -q -f -t 4 -T 1 >/tmp/udhcpc.log 2>&1; then
            online "$device"
        fi
    done
    sleep "$pause"
done
fail "no answer by DHCP on: $(linked | tr '\n' ' ')"
