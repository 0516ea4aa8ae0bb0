#!/bin/busybox sh
# What devices hold: partition tables, anything else, nothing at all; and how that is cleared. Defines, does nothing.

# shellcheck source=image_tools.sh
. /lib/modpkg/image_tools.sh

disk_state=/run/modpkg/disks
blank_bytes=4194304
# How the first sector of each partition table ends, GPT's too.
table_mark=$(printf '\125\252')
# An array's data begins this far into its members: what is cleared there is blank in the array too.
data_offset=8

# read_table DISK: puts its partition table, as sfdisk tells it, into a file. It is asked once, and only if there can be a
# table: each program of the image takes its time.
read_table() {
    _table=$disk_state/table/$1
    if [ ! -e "$_table" ]; then
        : >"$_table"
        if [ "$(dd if="/dev/$1" bs=1 skip=510 count=2 2>/dev/null)" = "$table_mark" ]; then
            tool sfdisk --dump "/dev/$1" >"$_table" 2>/dev/null
        fi
    fi
}

# table_id DISK: prints the GUID of its partition table, nothing if it has none.
table_id() {
    read_table "$1"
    [ ! -s "$_table" ] || awk '/^label-id:/ { print tolower($2) }' "$_table"
}

# partition_ids DISK: prints the UUIDs of its partitions in their order.
partition_ids() {
    read_table "$1"
    sed -n 's/.*uuid=\([0-9A-Fa-f-]*\).*/\1/p' "$_table" | tr A-F a-f
}

# content_of DEVICE: prints what a device holds, nothing if it is blank. What blkid says stays in a file.
content_of() {
    tool blkid -p -o export "$1" >/tmp/blkid 2>/dev/null
    _found=$(grep -E '^(PTTYPE|TYPE|LABEL|UUID|PTUUID)=' /tmp/blkid | tr '\n' ' ')
    if [ -n "$_found" ]; then
        echo "$_found"
    elif ! is_blank "$1"; then
        echo "data that is not known"
    fi
}

# is_blank DEVICE: holds if it begins with zeros, or is smaller and has nothing else. What cannot be read is not blank.
is_blank() {
    _bytes=$(dd if="$1" bs=1048576 count=$((blank_bytes / 1048576)) 2>/tmp/dd.log | tr -d '\000' | head -c 1 | wc -c)
    read -r _blocks </tmp/dd.log
    # A fault comes before the count.
    case $_bytes-$_blocks in
        0-0+0*) return 1 ;;
        0-[1-9]*+*' records in' | 0-0+[1-9]*' records in') return 0 ;;
    esac
    return 1
}

# is_new NAME DEVICE: this boot has made it and cleared it, so that nobody need look.
is_new() {
    printf '%s\n' "$2" >"$disk_state/device/$1"
    : >"$disk_state/fresh/$1"
}

# clear_ends DEVICE: what was there before must not be found as content, at its start and end, and where an array
# on it has its own.
clear_ends() {
    _waited=0
    while [ ! -b "$1" ] && [ "$_waited" -lt 50 ]; do
        usleep 100000
        _waited=$((_waited + 1))
    done
    _mib=$(($(blockdev --getsize64 "$1") / 1048576))
    _head=$((data_offset + blank_bytes / 1048576))
    _tail=$((_mib > 4 ? 4 : _mib))
    zero "$1" 0 $((_mib < _head ? _mib : _head))
    zero "$1" $((_mib - _tail)) "$_tail"
}

# zero DEVICE MIB COUNT: past the kernel's cache, which would copy all of it, where the device can.
zero() {
    dd if=/dev/zero of="$1" bs=1048576 seek="$2" count="$3" oflag=direct conv=fsync 2>/dev/null ||
        dd if=/dev/zero of="$1" bs=1048576 seek="$2" count="$3" conv=fsync 2>/dev/null ||
        fail "cannot write to $1"
}
