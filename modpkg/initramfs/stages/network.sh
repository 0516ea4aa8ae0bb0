#!/bin/busybox sh
# Addresses: on the devices that ip= names; without it by DHCP on a VLAN or a bond if there is one, on the card
# that the node booted from (BOOTIF=), or on the first card that gets an answer. The forms are dracut's.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

link_seconds=20

# Devices of hardware; the rest are made by us or by the kernel.
cards() {
    for path in /sys/class/net/*; do
        if [ -e "$path/device" ]; then
            echo "${path##*/}"
        fi
    done
}

# mac_of CARD: its own, also while a bond has given it another one.
mac_of() {
    cat "/sys/class/net/$1/bonding_slave/perm_hwaddr" 2>/dev/null || cat "/sys/class/net/$1/address"
}

# device_of WORD: the device of this name, or the card with this MAC: hyphens in the place of colons, and as
# pxelinux writes it with 01- in front.
device_of() {
    if [ -e "/sys/class/net/$1" ]; then
        echo "$1"
        return
    fi
    wanted=$(echo "${1#01-}" | tr 'A-F-' 'a-f:')
    for card in $(cards); do
        if [ "$(mac_of "$card")" = "$wanted" ]; then
            echo "$card"
            return
        fi
    done
}

# required WORD FROM: a device that has to be there, as the argument FROM names it.
required() {
    found=$(device_of "$1")
    [ -n "$found" ] || fail "$2: there is no device $1; there are: $(cards | tr '\n' ' ')"
    echo "$found"
}

# make_bond NAME:DEVICE,DEVICE[:OPTION=VALUE,...]
make_bond() {
    IFS=: read -r name members options <<END
$1
END
    modprobe bonding max_bonds=0 || fail "bond=$1: the initrd has no bonding"
    echo "+$name" >/sys/class/net/bonding_masters || fail "bond=$1: cannot make $name"
    place=/sys/class/net/$name/bonding
    for option in miimon=100 $(echo "$options" | tr , ' '); do
        echo "${option#*=}" >"$place/${option%%=*}" || fail "bond=$1: cannot set $option"
    done
    for member in $(echo "$members" | tr , ' '); do
        card=$(required "$member" "bond=$1") || exit 1
        ip link set "$card" down
        echo "+$card" >"$place/slaves" || fail "bond=$1: cannot take $card"
    done
    ip link set "$name" up || fail "bond=$1: cannot set $name up"
}

# make_vlan NAME:DEVICE; the digits at the name's end are the number, as in vlan5 and eth0.5.
make_vlan() {
    name=${1%%:*}
    below=$(required "${1#*:}" "vlan=$1") || exit 1
    modprobe 8021q || fail "vlan=$1: the initrd has no 8021q"
    ip link set "$below" up
    ip link add link "$below" name "$name" type vlan id "${name##*[!0-9]}" || fail "vlan=$1: cannot make $name"
    ip link set "$name" up || fail "vlan=$1: cannot set $name up"
}

# linked DEVICE...: those with a link; one whose cable is out has carrier 0 or none.
linked() {
    for name in "$@"; do
        ip link set "$name" up 2>/dev/null
        if [ "$(cat "/sys/class/net/$name/carrier" 2>/dev/null)" = 1 ]; then
            echo "$name"
        fi
    done
}

# wait_for_link DEVICE...: until one of them has it.
wait_for_link() {
    waited=0
    while [ -z "$(linked "$@")" ]; do
        # A virtual card has it in no time, a real one after seconds.
        [ "$waited" -lt $((link_seconds * 10)) ] ||
            fail "no link after $link_seconds s on: ${*:-no device; is its driver in the initrd?}"
        usleep 100000
        waited=$((waited + 1))
    done
}

# ip=ADDRESS:SERVER:GATEWAY:MASK:HOST:DEVICE:..., as the kernel's documentation has it.
static_address() {
    IFS=: read -r address _ gateway mask _ device _ <<END
$1
END
    if [ -n "$device" ]; then
        device=$(required "$device" "ip=$1") || exit 1
    else
        # shellcheck disable=SC2046  # a word each
        wait_for_link $(candidates)
        # shellcheck disable=SC2046
        device=$(linked $(candidates) | head -n 1)
    fi
    ip link set "$device" up
    ip address add "$address/${mask:-255.255.255.0}" dev "$device" || fail "cannot set $address on $device"
    if [ -n "$gateway" ]; then
        ip route replace default via "$gateway" dev "$device" || fail "cannot route by $gateway"
    fi
    addressed "$device"
}

addressed() {
    told="${told:+$told, }$1 $(ip -4 -o address show dev "$1" | awk '{ print $4; exit }')"
}

# candidates: the devices that are asked where no argument names one.
candidates() {
    made=$(arguments vlan)
    [ -n "$made" ] || made=$(arguments bond)
    if [ -n "$made" ]; then
        echo "$made" | cut -d : -f 1
        return
    fi
    booted=$(device_of "$(argument BOOTIF none)")
    if [ -n "$booted" ]; then
        echo "$booted"
    else
        cards
    fi
}

# dhcp DEVICE...: on the first one that gets an answer.
dhcp() {
    wait_for_link "$@"
    for pause in 1 2 4 8 15; do
        for device in $(linked "$@"); do
            if udhcpc -i "$device" -s /lib/modpkg/lease.sh -n -q -f -t 4 -T 1 >/tmp/udhcpc.log 2>&1; then
                if [ "$#" -eq 1 ] || own_words "$device"; then
                    addressed "$device"
                    return
                fi
                # An answer, but of another network's server.
                ip address flush dev "$device"
                rm -f "$base_file" /tmp/base-by-file /etc/resolv.conf
            fi
        done
        sleep "$pause"
    done
    fail "no answer by DHCP on: $(linked "$@" | tr '\n' ' ')"
}

# own_words CARD...: takes what the head says about this node alone, once. A program that many nodes boot has
# modpkg.nodes=, a folder, in the place of the node's own file; what else it names no such word can change.
own_words() {
    folder=$(argument modpkg.nodes)
    if [ -z "$folder" ] || [ -e "$own_file" ]; then
        return 0
    fi
    for card in "$@"; do
        if timeout 20 wget -q -O /tmp/own "$folder$(mac_of "$card").arguments" 2>/tmp/wget.log; then
            # shellcheck disable=SC2013  # words, not lines
            for word in $(cat /tmp/own); do
                case $word in
                    modpkg.node=* | modpkg.report=*) echo "$word" ;;
                    modpkg.disks=* | modpkg.disks-sha256=*) echo "$word" ;;
                    modpkg.settings=* | modpkg.settings-sha256=*) echo "$word" ;;
                esac
            done >"$own_file"
            return 0
        fi
    done
    return 1
}

ip link set lo up
for word in $(arguments bond); do
    make_bond "$word"
done
for word in $(arguments vlan); do
    make_vlan "$word"
done

told=
for word in $(arguments ip); do
    case $word in
        [0-9]*) static_address "$word" ;;
        *:*)
            device=$(required "${word%%:*}" "ip=$word") || exit 1
            dhcp "$device"
            ;;
    esac
done
if [ -z "$told" ]; then
    # shellcheck disable=SC2046  # a word each
    dhcp $(candidates)
fi
for server in $(arguments nameserver); do
    echo "nameserver $server" >>/etc/resolv.conf
done
for pause in 1 2 4 8 16 0; do
    # shellcheck disable=SC2046  # a word each
    own_words $(cards) && break
    [ "$pause" -gt 0 ] || fail "$(argument modpkg.nodes) tells no card of this node: $(tail -n 1 /tmp/wget.log)"
    sleep "$pause"
done
: >"$online_file"
detail "$told"
