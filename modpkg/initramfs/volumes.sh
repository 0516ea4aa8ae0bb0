#!/bin/busybox sh
# The words of a disk plan for what lies on disks: arrays and file systems; lvm.sh has those of volume groups,
# zfs.sh those of pools. Defines, does nothing.

# shellcheck source=disks.sh
. /lib/modpkg/disks.sh

array_count=0

# array_id DEVICE: prints the UUID of the array that a device is a member of, as mdadm writes it.
array_id() {
    tool blkid -p -o export "$1" 2>/dev/null | awk -F = '
        $1 == "UUID" { gsub("-", "", $2); id = $2 }
        $0 == "TYPE=linux_raid_member" { is_member = 1 }
        END { if (is_member) for (i = 1; i < 32; i += 8) printf "%s%s", substr(id, i, 8), i < 25 ? ":" : "\n" }'
}

# sort_members MEMBER...: which devices carry the identity that `carries` looks for, which are blank, which are missing.
# Fails, with words of refusal, if one holds something else that may not be wiped.
sort_members() {
    _have='' _blank='' _missing=''
    for _member in "$@"; do
        if [ ! -e "$disk_state/device/$_member" ]; then
            _missing="$_missing $_member"
            continue
        fi
        _device=$(cat "$disk_state/device/$_member")
        if [ -e "$disk_state/fresh/$_member" ]; then
            _blank="$_blank $_device"
            continue
        fi
        if carries "$_member" "$_device"; then
            _have="$_have $_device"
            continue
        fi
        _content=$(content_of "$_device")
        if [ -n "$_content" ] && ! may_wipe "$_member"; then
            refuse "$_device, of $_what, holds $_content"
            return 1
        fi
        if [ -n "$_content" ]; then
            clear_ends "$_device"
            note "$_device, of $_what, is wiped, as granted: it held $_content"
        fi
        _blank="$_blank $_device"
    done
}

# want_array NAME LEVEL UUID MEMBER...: assembled from the members that are there, made if all are new.
want_array() {
    need_tools storage mdadm
    _array=$1 _level=$2 _uuid=$3 _what="the array $1"
    shift 3
    lies_on "$_array" "$@"
    _md=/dev/md$array_count
    array_count=$((array_count + 1))
    carries() { [ "$(array_id "$2")" = "$_uuid" ]; }
    sort_members "$@" || return 0
    if [ -n "$_have" ] && assemble_array; then
        printf '%s\n' "$_md" >"$disk_state/device/$_array"
        return
    fi
    may_make "$_array" || return 0
    make_array "$#"
    is_new "$_array" "$_md"
}

# may_make NAME: holds if all members that `sort_members` looked for are there to be written to; those that carry what
# could not be used are wiped first, if that is granted.
may_make() {
    if [ -n "$_have" ]; then
        if ! may_wipe "$1"; then
            refuse "$_reason"
            return 1
        fi
        note "$_what is wiped, as granted: $_reason"
        for _device in $_have; do
            clear_ends "$_device"
        done
        _blank="$_blank$_have"
    fi
    if [ -n "$_missing" ]; then
        note "$_what is not made: it lacks$_missing"
        return 1
    fi
}

make_array() {
    # What is blank on all members is equal on all; parity has to be worked out.
    case $_level in
        1 | 10) _clean=--assume-clean ;;
        *) _clean= ;;
    esac
    # shellcheck disable=SC2086  # one word a device
    tool mdadm --create "$_md" --name="$_array" --uuid="$_uuid" --homehost=any --metadata=1.2 --run $_clean \
        --data-offset="${data_offset}M" --level="$_level" --raid-devices="$1" $_blank >/tmp/mdadm.log 2>&1 </dev/null ||
        fail "cannot make the array $_array: $(tail -n 1 /tmp/mdadm.log)"
    note "the array $_array is new: $_md"
}

# add_member: with what the array noted as changed since, if it has such notes; else as a new one.
add_member() {
    if [ -n "$(array_id "$_device")" ]; then
        tool mdadm --manage "$_md" --re-add "$_device" >/tmp/mdadm.log 2>&1 && return
        tool mdadm --zero-superblock "$_device" >/tmp/mdadm.log 2>&1 || return 1
    fi
    tool mdadm --manage "$_md" --add "$_device" >/tmp/mdadm.log 2>&1
}

assemble_array() {
    # shellcheck disable=SC2086
    if ! tool mdadm --assemble "$_md" --run --uuid="$_uuid" $_have >/tmp/mdadm.log 2>&1; then
        _reason="the array $_array cannot be assembled; it lacks${_missing:- nothing}: $(tail -n 1 /tmp/mdadm.log)"
        tool mdadm --stop "$_md" >/dev/null 2>&1
        return 1
    fi
    # Members that are new, and those that were left out as they had fallen behind: what is on them is older.
    for _device in $_blank $_have; do
        if [ ! -e "/sys/block/${_md##*/}/slaves/${_device##*/}" ]; then
            add_member || fail "cannot add $_device to the array $_array: $(tail -n 1 /tmp/mdadm.log)"
            note "the array $_array is rebuilt: $_device is added"
        fi
    done
    if [ -n "$_missing" ]; then
        note "the array $_array is degraded: it lacks$_missing"
    fi
}

# is_there NAME WHAT: holds if a device is there; else it is remembered that what lies on it is not.
is_there() {
    if [ ! -e "$disk_state/device/$1" ]; then
        printf '%s\n' "$2" >>"$disk_state/absent"
        note "$2 is not there: it lies on $1"
        return 1
    fi
}

# want_filesystem DEVICE FORMAT UUID MOUNT OPTIONS
want_filesystem() {
    if [ "$2" != swap ]; then
        need_tools storage "mkfs.$2"
    fi
    if ! is_there "$1" "${4:-swap}"; then
        return
    fi
    _device=$(cat "$disk_state/device/$1")
    _made=
    if [ -e "$disk_state/fresh/$1" ]; then
        _content=
    else
        _content=$(content_of "$_device")
    fi
    if [ -z "$_content" ]; then
        make_filesystem "$_device" "$2" "$3"
    elif ! grep -q -x "TYPE=$2" /tmp/blkid || ! grep -q -x "UUID=$3" /tmp/blkid; then
        if ! may_wipe "$1"; then
            refuse "$_device, for ${4:-swap}, holds $_content"
            return
        fi
        clear_ends "$_device"
        note "$_device, for ${4:-swap}, is wiped, as granted: it held $_content"
        make_filesystem "$_device" "$2" "$3"
    fi
    if [ "$2" = swap ]; then
        swapon "$_device" || fail "cannot use the swap space $_device"
    else
        mount_filesystem "$_device" "$2" "$4" "$5"
    fi
}

make_filesystem() {
    case $2 in
        ext4) set -- "$1" "$2" tool mkfs.ext4 -q -U "$3" -E lazy_itable_init=1,lazy_journal_init=1 "$1" ;;
        xfs) set -- "$1" "$2" tool mkfs.xfs -q -m "uuid=$3" "$1" ;;
        swap) set -- "$1" "$2" tool mkswap -U "$3" "$1" ;;
    esac
    _made=$1 _kind=$2
    shift 2
    "$@" >/tmp/mkfs.log 2>&1 </dev/null || fail "cannot make $_kind on $_made: $(tail -n 1 /tmp/mkfs.log)"
    note "$_made is new: $_kind"
}

# mount_filesystem DEVICE FORMAT PATH OPTIONS
mount_filesystem() {
    if [ "$2" = ext4 ] && [ -z "$_made" ]; then
        # 0: nothing was wrong; 1: it is mended.
        tool e2fsck -p "$1" >/tmp/fsck.log 2>&1 || [ "$?" -le 1 ] || fail "$1 is damaged: $(tail -n 1 /tmp/fsck.log)"
    fi
    mkdir -p "$disk_state/mnt" "$newroot$3"
    mount -t "$2" ${4:+-o "$4"} "$1" "$disk_state/mnt" || fail "cannot mount $1"
    # The image's own files of that place, once and whole: the mark is the last to be written.
    if [ ! -e "$disk_state/mnt/.modpkg-filled" ]; then
        cp -a "$newroot$3/." "$disk_state/mnt/" || fail "cannot copy the image's $3 to $1"
        sync
        : >"$disk_state/mnt/.modpkg-filled"
    fi
    mount --move "$disk_state/mnt" "$newroot$3" || fail "cannot mount $1 at $3"
    keep_journal "$3"
}

# keep_journal PATH: with this directory systemd keeps the journal across boots, on what was mounted there.
keep_journal() {
    case $1 in
        /var | /var/log) mkdir -p "$newroot/var/log/journal" ;;
    esac
}

# finish_disks: what could not be used ends the stage, unless the document lets the node go on.
finish_disks() {
    stop_if_refused
    if [ -e "$disk_state/absent" ] && [ "$(cat "$disk_state/policy")" = stop ]; then
        fail "$(tr '\n' ' ' <"$disk_state/absent")cannot be mounted: $(tr '\n' ';' <"$disk_notes")"
    fi
    leave_image
    detail "$(cat "$disk_refusals" "$disk_notes" 2>/dev/null | wc -l) notes"
}
