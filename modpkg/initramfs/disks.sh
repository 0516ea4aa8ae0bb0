#!/bin/busybox sh
# The words of a disk plan. A disk is used if it carries our identity or nothing at all; any other is refused.
# What is known lies in files below $disk_state, as the shell has no tables. Defines, does nothing.

# shellcheck source=library.sh
. /lib/modpkg/library.sh

disk_state=/run/modpkg/disks
disk_refusals=$disk_state/refusals
disk_notes=$disk_state/notes
disk_names=
blank_bytes=4194304
# By their paths: busybox's shell prefers its own programs of the same names, wherever PATH leads.
tools=/usr/sbin
# There is no udev here: mdadm makes its devices itself.
export MDADM_NO_UDEV=1

# refuse TEXT: something is not ours to use.
refuse() {
    printf '%s\n' "$*" >>"$disk_refusals"
    say disks refused "$*"
}

# note TEXT: something to be known, which does not stop the node.
note() {
    printf '%s\n' "$*" >>"$disk_notes"
    say disks note "$*"
}

foreign_policy() {
    rm -rf "$disk_state"
    mkdir -p "$disk_state/disk" "$disk_state/device" "$disk_state/taken"
    printf '%s\n' "$1" >"$disk_state/policy"
}

# want_disk NAME GUID UNFINISHED SERIAL PATH MIN-MIB MAX-MIB ROTATIONAL
want_disk() {
    disk_names="$disk_names $1"
    mkdir -p "$disk_state/disk/$1"
    printf '%s\n' "$2" >"$disk_state/disk/$1/guid"
    printf '%s\n' "$3" >"$disk_state/disk/$1/unfinished"
    printf '%s\n' "$4 $5 $6 $7 $8" >"$disk_state/disk/$1/match"
}

# want_partition DISK NUMBER DEVICE UUID TYPE MIB
want_partition() {
    printf '%s\n' "$2 $3 $4 $5 $6" >>"$disk_state/disk/$1/partitions"
}

# physical_disks: the node's own disks; loops, arrays and what can be taken out are none.
physical_disks() {
    for _path in /sys/block/*; do
        if [ -e "$_path/device" ] && [ "$(cat "$_path/removable")" = 0 ] && [ "$(cat "$_path/size")" -gt 0 ]; then
            echo "${_path##*/}"
        fi
    done
}

serial_of() {
    for _file in "/sys/block/$1/serial" "/sys/block/$1/device/serial"; do
        if [ -r "$_file" ]; then
            tr -d ' \n' <"$_file"
            return
        fi
    done
    # SCSI's page of the serial number begins with four bytes of its own.
    tail -c +5 "/sys/block/$1/device/vpd_pg80" 2>/dev/null | tr -d ' \n\000'
}

# partition_of DISK NUMBER: prints the device of a partition.
partition_of() {
    case $1 in
        *[0-9]) echo "/dev/$1p$2" ;;
        *) echo "/dev/$1$2" ;;
    esac
}

# table_id DISK: prints the GUID of its partition table, nothing if it has none.
table_id() {
    "$tools/sfdisk" --dump "/dev/$1" 2>/dev/null | awk '/^label-id:/ { print tolower($2) }'
}

# partition_ids DISK: prints the UUIDs of its partitions in their order.
partition_ids() {
    "$tools/sfdisk" --dump "/dev/$1" 2>/dev/null | sed -n 's/.*uuid=\([0-9A-Fa-f-]*\).*/\1/p' | tr A-F a-f
}

# content_of DEVICE: prints what a device holds, nothing if it is blank.
content_of() {
    _found=$("$tools/blkid" -p -o export "$1" 2>/dev/null | grep -E '^(PTTYPE|TYPE|LABEL|UUID|PTUUID)=' | tr '\n' ' ')
    if [ -n "$_found" ]; then
        echo "$_found"
    elif [ -n "$(head -c "$blank_bytes" "$1" | tr -d '\000' | head -c 1)" ]; then
        echo "data that is not known"
    fi
}

# fits NAME DISK: holds if a disk is one that the document means.
fits() {
    read -r _serial _pattern _least _most _rotates <"$disk_state/disk/$1/match"
    _mib=$(($(cat "/sys/block/$2/size") / 2048))
    # shellcheck disable=SC2254  # they are patterns
    case $(serial_of "$2") in
        $_serial) ;;
        *) return 1 ;;
    esac
    # shellcheck disable=SC2254
    case /dev/$2 in
        $_pattern) ;;
        *) return 1 ;;
    esac
    [ "$_mib" -ge "$_least" ] && { [ "$_most" -eq 0 ] || [ "$_mib" -le "$_most" ]; } || return 1
    [ "$_rotates" = - ] || [ "$_rotates" = "$(cat "/sys/block/$2/queue/rotational")" ]
}

# take NAME DISK: from now on this disk is the one of that name.
take() {
    printf '%s\n' "$2" >"$disk_state/disk/$1/device"
    : >"$disk_state/taken/$2"
}

# take_own: disks that carry our identity, whatever the document says of serials: they may be in another slot.
take_own() {
    for _disk in $(physical_disks); do
        _id=$(table_id "$_disk")
        for _name in $disk_names; do
            if [ "$_id" = "$(cat "$disk_state/disk/$_name/guid")" ]; then
                if [ -e "$disk_state/disk/$_name/device" ]; then
                    refuse "/dev/$_disk is a copy of the disk $_name"
                else
                    take "$_name" "$_disk"
                fi
            fi
        done
    done
}

# take_new NAME: a blank disk for a name that has none, or one that we began to partition and did not finish.
take_new() {
    _others=
    for _disk in $(physical_disks); do
        if [ -e "$disk_state/taken/$_disk" ] || ! fits "$1" "$_disk"; then
            continue
        fi
        _content=
        if [ "$(table_id "$_disk")" != "$(cat "$disk_state/disk/$1/unfinished")" ]; then
            _content=$(content_of "/dev/$_disk")
        fi
        if [ -z "$_content" ]; then
            take "$1" "$_disk"
            : >"$disk_state/disk/$1/new"
            return
        fi
        _others="$_others; /dev/$_disk (serial $(serial_of "$_disk")) holds $_content"
    done
    if [ -n "$_others" ]; then
        refuse "the disk $1 is foreign: ${_others#; }"
    else
        note "the disk $1 is missing"
    fi
}

make_partitions() {
    {
        echo "label: gpt"
        echo "label-id: $(cat "$disk_state/disk/$1/unfinished")"
        while read -r _number _device _uuid _type _mib; do
            if [ "$_mib" -gt 0 ]; then
                printf 'size=%sMiB, ' "$_mib"
            fi
            echo "type=$_type, uuid=$_uuid, name=\"$_device\""
        done <"$disk_state/disk/$1/partitions"
    } | "$tools/sfdisk" --quiet --wipe always "/dev/$2" >/tmp/sfdisk.log 2>&1 ||
        fail "cannot partition /dev/$2: $(tail -n 1 /tmp/sfdisk.log)"
    while read -r _number _device _; do
        clear_ends "$(partition_of "$2" "$_number")"
    done <"$disk_state/disk/$1/partitions"
    # Only now is it ours: a node that lost power before begins again.
    "$tools/sfdisk" --quiet --disk-id "/dev/$2" "$(cat "$disk_state/disk/$1/guid")" >/tmp/sfdisk.log 2>&1 ||
        fail "cannot finish the partitions of /dev/$2: $(tail -n 1 /tmp/sfdisk.log)"
    sync
    note "the disk $1 is new: /dev/$2 is partitioned"
}

# clear_ends DEVICE: what an older partition left at its start and end must not be found as content.
clear_ends() {
    _waited=0
    while [ ! -b "$1" ] && [ "$_waited" -lt 50 ]; do
        usleep 100000
        _waited=$((_waited + 1))
    done
    _mib=$(($(blockdev --getsize64 "$1") / 1048576))
    dd if=/dev/zero of="$1" bs=1048576 count=$((_mib < 4 ? _mib : 4)) conv=fsync 2>/dev/null
    dd if=/dev/zero of="$1" bs=1048576 count=1 seek=$((_mib - 1)) conv=fsync 2>/dev/null
}

# know_partitions NAME: their devices, if the layout on the disk is that of the plan.
know_partitions() {
    _disk=$(cat "$disk_state/disk/$1/device")
    _wanted=$(awk '{ print $3 }' "$disk_state/disk/$1/partitions")
    if [ "$(partition_ids "$_disk")" != "$_wanted" ]; then
        refuse "/dev/$_disk is the disk $1, but its layout is another than the document's"
        return
    fi
    while read -r _number _device _; do
        partition_of "$_disk" "$_number" >"$disk_state/device/$_device"
    done <"$disk_state/disk/$1/partitions"
}

# stop_if_refused: nothing is written while something is refused, unless the document lets the node go on.
stop_if_refused() {
    if [ -e "$disk_refusals" ] && [ "$(cat "$disk_state/policy")" = stop ]; then
        fail "$(tr '\n' ';' <"$disk_refusals")"
    fi
}

take_disks() {
    take_own
    for _wanted_name in $disk_names; do
        if [ -e "$disk_state/disk/$_wanted_name/device" ]; then
            know_partitions "$_wanted_name"
        else
            take_new "$_wanted_name"
        fi
    done
    stop_if_refused
    for _wanted_name in $disk_names; do
        if [ -e "$disk_state/disk/$_wanted_name/new" ]; then
            make_partitions "$_wanted_name" "$(cat "$disk_state/disk/$_wanted_name/device")"
            know_partitions "$_wanted_name"
        fi
    done
}
