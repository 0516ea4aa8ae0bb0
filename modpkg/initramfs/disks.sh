#!/bin/busybox sh
# The words of a disk plan. A disk is used if it carries our identity or nothing at all; any other is refused,
# unless the head gives its grant to wipe it. What is known lies in files below $disk_state, as the shell has no tables. Defines, does nothing.

# shellcheck source=contents.sh
. /lib/modpkg/contents.sh

disk_refusals=$disk_state/refusals
disk_notes=$disk_state/notes
disk_names=
granted=
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

# kernel_modules NAME...: what the plan needs of the kernel, all at once.
kernel_modules() {
    load_modules "$@"
}

foreign_policy() {
    need_tools storage blkid modprobe sfdisk
    enter_image
    rm -rf "$disk_state"
    mkdir -p "$disk_state/below" "$disk_state/device" "$disk_state/disk" "$disk_state/fresh" \
        "$disk_state/serial" "$disk_state/table" "$disk_state/taken"
    printf '%s\n' "$1" >"$disk_state/policy"
}

# grant_wipe URL DISK...: asks the head for the one use of a grant. Without its word nothing is granted: it is
# another boot's that had the grant, or the head cannot be asked.
grant_wipe() {
    _grant_url=$1
    shift
    if timeout 60 wget -q -O /dev/null --post-data '' "$_grant_url" 2>/tmp/wget.log; then
        granted=" $* "
        note "this boot may wipe$granted"
    else
        note "the grant to wipe is not given to this boot: $(tail -n 1 /tmp/wget.log)"
    fi
}

# may_wipe NAME...: holds if the grant covers all disks that these partitions, arrays and groups lie on.
may_wipe() {
    for _name in "$@"; do
        _base=${_name%%.*}
        for _below in $(cat "$disk_state/below/$_base" 2>/dev/null || echo "$_base"); do
            case $granted in
                *" $_below "*) ;;
                *) return 1 ;;
            esac
        done
    done
}

# lies_on NAME MEMBER...: the disks that an array or a group lies on.
lies_on() {
    _upper=$1
    shift
    for _lower in "$@"; do
        _base=${_lower%%.*}
        cat "$disk_state/below/$_base" 2>/dev/null || echo "$_base"
    done >"$disk_state/below/.new"
    mv "$disk_state/below/.new" "$disk_state/below/$_upper"
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
        [ -e "$_path/device" ] || continue
        # Not by cat: where each process costs 10 ms, as under emulation, it is the most of the stage.
        read -r _removable <"$_path/removable"
        read -r _sectors <"$_path/size"
        if [ "$_removable" = 0 ] && [ "$_sectors" -gt 0 ]; then
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

# fits NAME DISK: holds if a disk is one that the document means.
fits() {
    read -r _serial _pattern _least _most _rotates <"$disk_state/disk/$1/match"
    read -r _sectors <"/sys/block/$2/size"
    _mib=$((_sectors / 2048))
    if [ ! -s "$disk_state/serial/$2" ]; then
        printf '%s\n' "$(serial_of "$2")" >"$disk_state/serial/$2"
    fi
    read -r _found <"$disk_state/serial/$2"
    # shellcheck disable=SC2254  # they are patterns
    case $_found in
        $_serial) ;;
        *) return 1 ;;
    esac
    # A name such as /dev/sda, or the way to it that the kernel shows below /sys: that depends on no order.
    # shellcheck disable=SC2254
    case /dev/$2 in
        $_pattern) ;;
        *)
            case $(readlink -f "/sys/block/$2") in
                $_pattern) ;;
                *) return 1 ;;
            esac
            ;;
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
            read -r _guid <"$disk_state/disk/$_name/guid"
            if [ "$_id" = "$_guid" ]; then
                if [ -e "$disk_state/disk/$_name/device" ]; then
                    refuse "/dev/$_disk is a copy of the disk $_name"
                else
                    take "$_name" "$_disk"
                fi
            fi
        done
    done
}

# take_new NAME: a blank disk for a name that has none, or one that we began to partition and did not finish; with a
# grant one that holds something, if it is clear which.
take_new() {
    _others='' _foreign='' _count=0
    for _disk in $(physical_disks); do
        if [ -e "$disk_state/taken/$_disk" ] || ! fits "$1" "$_disk"; then
            continue
        fi
        _content=
        read -r _id <"$disk_state/disk/$1/unfinished"
        if [ "$(table_id "$_disk")" != "$_id" ]; then
            _content=$(content_of "/dev/$_disk")
        fi
        if [ -z "$_content" ]; then
            take "$1" "$_disk"
            : >"$disk_state/disk/$1/new"
            return
        fi
        _count=$((_count + 1))
        _foreign=${_foreign:-$_disk}
        _others="$_others; /dev/$_disk (serial $(serial_of "$_disk")) holds $_content"
    done
    if [ -z "$_others" ]; then
        note "the disk $1 is missing"
    elif may_wipe "$1" && [ "$_count" -le "$(alike "$1")" ]; then
        take "$1" "$_foreign"
        will_wipe "$1" "$_foreign"
    elif may_wipe "$1"; then
        refuse "the disk $1 can be any of these, and the grant to wipe does not say which: ${_others#; }"
    else
        refuse "the disk $1 is foreign: ${_others#; }"
    fi
}

# alike NAME: prints how many names without a disk ask for just the same.
alike() {
    _alike=0
    for _name in $disk_names; do
        if [ ! -e "$disk_state/disk/$_name/device" ] &&
            cmp -s "$disk_state/disk/$_name/match" "$disk_state/disk/$1/match"; then
            _alike=$((_alike + 1))
        fi
    done
    echo "$_alike"
}

# will_wipe NAME DISK: remembers that it is to be made anew, with the grant. It is not written to yet.
will_wipe() {
    printf '%s\n' "$(content_of "/dev/$2")" >"$disk_state/disk/$1/wipe"
    : >"$disk_state/disk/$1/new"
}

make_partitions() {
    if [ -e "$disk_state/disk/$1/wipe" ]; then
        clear_ends "/dev/$2"
        note "the disk $1 is wiped, as granted: /dev/$2 (serial $(serial_of "$2")) held $(cat "$disk_state/disk/$1/wipe")"
    fi
    {
        echo "label: gpt"
        read -r _id <"$disk_state/disk/$1/unfinished"
        echo "label-id: $_id"
        while read -r _number _device _uuid _type _mib; do
            if [ "$_mib" -gt 0 ]; then
                printf 'size=%sMiB, ' "$_mib"
            fi
            echo "type=$_type, uuid=$_uuid, name=\"$_device\""
        done <"$disk_state/disk/$1/partitions"
    } | tool sfdisk --quiet --wipe always --no-tell-kernel "/dev/$2" >/tmp/sfdisk.log 2>&1 ||
        fail "cannot partition /dev/$2: $(tail -n 1 /tmp/sfdisk.log)"
    # Not by sfdisk: it would wait a quarter of a second for a udev that is not here.
    blockdev --rereadpt "/dev/$2" 2>/tmp/sfdisk.log || fail "the kernel cannot see the partitions of /dev/$2: $(cat /tmp/sfdisk.log)"
    while read -r _number _device _; do
        clear_ends "$(partition_of "$2" "$_number")"
        is_new "$_device" "$(partition_of "$2" "$_number")"
    done <"$disk_state/disk/$1/partitions"
    # Only now is it ours: a node that lost power before begins again. The kernel knows the partitions already.
    read -r _id <"$disk_state/disk/$1/guid"
    tool sfdisk --quiet --no-reread --no-tell-kernel --disk-id "/dev/$2" "$_id" >/tmp/sfdisk.log 2>&1 ||
        fail "cannot finish the partitions of /dev/$2: $(tail -n 1 /tmp/sfdisk.log)"
    sync
    note "the disk $1 is new: /dev/$2 is partitioned"
}

# know_partitions NAME: their devices, if the layout on the disk is that of the plan.
know_partitions() {
    _disk=$(cat "$disk_state/disk/$1/device")
    _wanted=$(awk '{ print $3 }' "$disk_state/disk/$1/partitions")
    if [ "$(partition_ids "$_disk")" != "$_wanted" ]; then
        if may_wipe "$1"; then
            will_wipe "$1" "$_disk"
            return
        fi
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

# wait_for_disks: controllers tell of their disks one by one; until there is one for each name, or the time is over.
wait_for_disks() {
    _left=$(($(argument modpkg.disk-wait 15) * 2))
    if ! all_disks; then
        load_disk_drivers
        while ! all_disks && [ "$_left" -gt 0 ]; do
            usleep 500000
            _left=$((_left - 1))
        done
    fi
}

# all_disks: holds if there are as many disks that the document can mean as it has names.
all_disks() {
    _missing_count=0
    for _name in $disk_names; do
        _missing_count=$((_missing_count + 1))
    done
    for _disk in $(physical_disks); do
        if is_wanted "$_disk"; then
            _missing_count=$((_missing_count - 1))
        fi
    done
    [ "$_missing_count" -le 0 ]
}

# is_wanted DISK: holds if the document means it, or it is ours in another place.
is_wanted() {
    for _candidate in $disk_names; do
        if fits "$_candidate" "$1"; then
            return 0
        fi
    done
    _id=$(table_id "$1")
    [ -n "$_id" ] && grep -q -F "$_id" "$disk_state"/disk/*/guid
}

take_disks() {
    wait_for_disks
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
            read -r _disk <"$disk_state/disk/$_wanted_name/device"
            make_partitions "$_wanted_name" "$_disk"
        fi
    done
}
