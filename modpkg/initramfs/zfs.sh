#!/bin/busybox sh
# The words of a disk plan for pools of ZFS and their datasets. Defines, does nothing.
# A pool is known by its comment, which is in the label of each member: the number of a pool is ZFS's own choice. A
# member is known by its partition's UUID, by which the pool finds it in any slot, and which the next disk has too.

# shellcheck source=lvm.sh
. /lib/modpkg/lvm.sh

# There is no udev here: the links are made as it would make them.
by_uuid=/dev/disk/by-partuuid
zpool_status=/tmp/zpool-status
# A device is what its partition is, whatever bus it hangs on.
export ZFS_VDEV_DEVID_OPT_OUT=YES

# zfs_do PROGRAM WORD...: what it says of a failure stays in a file.
zfs_do() {
    tool "$@" 2>/tmp/zfs.log </dev/null
}

# zfs_words: prints what ZFS said last, the first line of it: those after it are advice.
zfs_words() {
    head -n 1 /tmp/zfs.log
}

# label_of DEVICE KEY: prints what the label of a member says, nothing if there is none.
label_of() {
    tool zdb -l "$1" 2>/dev/null | sed -n "s/^    $2: '\{0,1\}\([^']*\)'\{0,1\}\$/\1/p" | head -n 1
}

# load_zfs: the driver is of the image, and so is the kernel that it was built for.
load_zfs() {
    need_tools zfs zpool zfs zdb
    load_modules zfs
    [ -e /dev/zfs ] || fail "the image has no driver of ZFS for the kernel $(uname -r): add the module zfs to it"
    mkdir -p "$by_uuid"
}

# link_members MEMBER=UUID...: names that stay.
link_members() {
    for _pair in "$@"; do
        if [ -e "$disk_state/device/${_pair%%=*}" ]; then
            _device=$(cat "$disk_state/device/${_pair%%=*}")
            ln -sf "../../${_device#/dev/}" "$by_uuid/${_pair#*=}"
        fi
    done
}

# want_pool NAME ID PROPERTIES TYPE MEMBER=UUID... [TYPE MEMBER=UUID...]...: imported if enough of it is there, made if
# all members are new.
want_pool() {
    load_zfs
    _pool=$1 _id=$2 _properties=$3 _what="the pool $1"
    shift 3
    _layout=$* _pairs=
    set --
    for _word in $_layout; do
        case $_word in
            *=*)
                _pairs="$_pairs $_word"
                set -- "$@" "${_word%%=*}"
                ;;
        esac
    done
    lies_on "$_pool" "$@"
    # shellcheck disable=SC2086  # one word a member
    link_members $_pairs
    carries() { [ "$(label_of "$2" comment)" = "$_id" ]; }
    sort_members "$@" || return 0
    if [ -n "$_have" ] && import_pool; then
        : >"$disk_state/device/$_pool"
        return
    fi
    may_make "$_pool" || return 0
    make_pool
    : >"$disk_state/device/$_pool"
}

make_pool() {
    set --
    for _property in $_properties; do
        set -- "$@" -o "$_property"
    done
    # Nothing of it is mounted by itself: where datasets are mounted says the plan.
    set -- "$@" -O mountpoint=none -O "modpkg:pool-properties=${_properties:-none}" "$_pool"
    for _word in $_layout; do
        case $_word in
            stripe) ;;
            *=*) set -- "$@" "$by_uuid/${_word#*=}" ;;
            *) set -- "$@" "$_word" ;;
        esac
    done
    # By force: all members were found to be blank.
    zfs_do zpool create -f -o cachefile=none -o "comment=$_id" "$@" || fail "cannot make $_what: $(zfs_words)"
    note "$_what is new: $_layout"
}

# import_pool: from the members that carry its identity alone, so that no other pool is ever seen.
import_pool() {
    _guids=$(for _device in $_have; do label_of "$_device" pool_guid; done | sort -u)
    case $_guids in
        *[!0-9]*)
            _reason="$_what has members of more than one pool of its name:$_have"
            return 1
            ;;
    esac
    set --
    for _pair in $_pairs; do
        if is_among "$(cat "$disk_state/device/${_pair%%=*}" 2>/dev/null)" "$_have"; then
            set -- "$@" -d "$by_uuid/${_pair#*=}"
        fi
    done
    # By force: a node that lost power never let go of it, and whose it is was found out by its identity.
    if ! zfs_do zpool import -f -N -o cachefile=none "$@" "$_guids" "$_pool"; then
        _reason="$_what cannot be imported; it lacks${_missing:- nothing}: $(zfs_words)"
        return 1
    fi
    tool zpool status -P "$_pool" >"$zpool_status" 2>&1
    _told=
    if grep -q 'resilver in progress' "$zpool_status"; then
        _told=yes
        note "$_what is resilvered: a member of it had fallen behind"
    fi
    for _pair in $_pairs; do
        replace_member "${_pair%%=*}" "$by_uuid/${_pair#*=}"
    done
    if [ -n "$_missing" ]; then
        note "$_what is degraded: it lacks$_missing"
    elif [ -z "$_told" ] && ! grep -q '^ *state: ONLINE$' "$zpool_status"; then
        note "$_what is not well: $(sed -n 's/^ *status: //p' "$zpool_status")"
    fi
    change_pool
}

# is_among WORD WORDS
is_among() {
    case " $2 " in
        *" ${1:-,} "*) return 0 ;;
    esac
    return 1
}

# replace_member NAME LINK: one that is there and not in the pool takes the place of that which had its name.
replace_member() {
    if [ ! -e "$disk_state/device/$1" ] || awk -v link="$2" '$1 == link { found = 1 } END { exit !found }' "$zpool_status"; then
        return
    fi
    _device=$(cat "$disk_state/device/$1") _told=yes
    # A member that is gone is shown by its number, with the name that it had at the line's end.
    _gone=$(awk -v link="$2" '$NF == link { print $1; exit }' "$zpool_status")
    if [ -z "$_gone" ]; then
        note "$_device is not in $_what, and $_what has no place for it"
        return
    fi
    zfs_do zpool replace -f "$_pool" "$_gone" "$2" || fail "cannot add $_device to $_what: $(zfs_words)"
    note "$_what is rebuilt: $_device takes the place of one that is gone"
}

# change_pool: properties of the document that are other than before.
change_pool() {
    _before=$(zfs_do zfs get -H -o value modpkg:pool-properties "$_pool")
    if [ "$_before" = "${_properties:-none}" ]; then
        return
    fi
    for _property in $_properties; do
        if ! zfs_do zpool set "$_property" "$_pool"; then
            note "$_what stays without $_property: $(zfs_words)"
        fi
    done
    zfs_do zfs set "modpkg:pool-properties=${_properties:-none}" "$_pool" || fail "cannot change $_what: $(zfs_words)"
}

# want_dataset POOL NAME PROPERTIES
want_dataset() {
    if [ ! -e "$disk_state/device/$1" ]; then
        return
    fi
    _dataset=$1/$2 _properties=$3 _said=${3:-none}
    if ! _before=$(zfs_do zfs get -H -o value modpkg:properties "$_dataset"); then
        set --
        for _property in $_properties; do
            set -- "$@" -o "$_property"
        done
        zfs_do zfs create -o mountpoint=legacy -o "modpkg:properties=$_said" "$@" "$_dataset" ||
            fail "cannot make the dataset $_dataset: $(zfs_words)"
        note "the dataset $_dataset is new"
    elif [ "$_before" != "$_said" ]; then
        # shellcheck disable=SC2086  # one word a property
        if zfs_do zfs set mountpoint=legacy "modpkg:properties=$_said" $_properties "$_dataset"; then
            note "the dataset $_dataset has other properties now: $_said"
        else
            note "the dataset $_dataset keeps its properties: $(zfs_words)"
        fi
    fi
    printf '%s\n' "$_dataset" >"$disk_state/device/${_dataset%%/*}.${_dataset#*/}"
}

# want_mount POOL.DATASET PATH
want_mount() {
    if is_there "$1" "$2"; then
        mount_filesystem "$(cat "$disk_state/device/$1")" zfs "$2" ''
    fi
}
