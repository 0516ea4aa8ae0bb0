#!/bin/busybox sh
# The words of a disk plan for volume groups and their volumes. Defines, does nothing.
# A physical volume is known by its UUID, a volume by its tag; both are made of what the plan says.

# shellcheck source=volumes.sh
. /lib/modpkg/volumes.sh

# A volume with this tag is being made: nothing is on it yet.
unfinished_tag=modpkg-unfinished
# No other group has such a name, and nothing in /dev.
vg_prefix=modpkg-
lvm_devices=
export LVM_SUPPRESS_FD_WARNINGS=1 DM_DISABLE_UDEV=1

# lvm_do COMMAND WORD...: there is no udev, no daemon, no file below /etc, and no device but those of the plan.
lvm_do() {
    _command=$1
    shift
    tool lvm "$_command" --config "
        devices { use_devicesfile=0 hints=none obtain_device_list_from_udev=0 external_device_info_source=none
            filter=[ $lvm_devices \"r|.*|\" ] }
        activation { udev_sync=0 udev_rules=0 monitoring=0 }
        backup { backup=0 archive=0 }
        global { use_lvmpolld=0 event_activation=0 }" "$@" 2>/tmp/lvm.log </dev/null
}

lvm_failed() {
    fail "cannot make $_what: $(tail -n 1 /tmp/lvm.log)"
}

# want_group NAME TAG MEMBER=UUID...: on disks it is called modpkg-NAME. Activated if all its members are there, made if all are new.
want_group() {
    need_tools storage lvm
    _group=$1 _tag=$2 _what="the volume group $1" _pairs=$*
    shift 2
    for _pair in "$@"; do
        set -- "$@" "${_pair%%=*}"
        shift
    done
    lies_on "$_group" "$@"
    carries() {
        case " $_pairs " in
            *" $1=$(tool blkid -p -o value -s UUID "$2" 2>/dev/null) "*) ;;
            *) return 1 ;;
        esac
    }
    sort_members "$@" || return 0
    for _device in $_have $_blank; do
        lvm_devices="$lvm_devices \"a|^$_device\$|\","
    done
    # None: we began to make it and did not finish.
    _tags=
    if [ -n "$_have" ]; then
        _tags=$(lvm_do vgs --noheadings -o vg_tags "$vg_prefix$_group" | tr -d ' ')
    fi
    if [ -n "$_tags" ] && { [ "$_tags" != "$_tag" ] || [ -n "$_missing$_blank" ]; }; then
        if ! may_wipe "$_group"; then
            refuse "$_what lacks${_missing:- the content of}${_blank:-}: it is used only whole"
            return
        fi
        note "$_what is wiped, as granted: it lacked ${_missing:-the content of $_blank}"
        for _device in $_have; do
            clear_ends "$_device"
        done
        _tags=
    fi
    if [ -z "$_tags" ]; then
        if [ -n "$_missing" ]; then
            note "$_what is not made: it lacks$_missing"
            return
        fi
        make_group "$@"
        : >"$disk_state/device/$_group"
        return
    fi
    lvm_do vgchange --activate y "$vg_prefix$_group" >/dev/null || fail "cannot use $_what: $(tail -n 1 /tmp/lvm.log)"
    # Names and tags of its volumes, for want_volume.
    lvm_do lvs --noheadings -o lv_name,lv_tags "$vg_prefix$_group" >"$disk_state/device/$_group"
}

make_group() {
    _devices=
    for _member in "$@"; do
        _device=$(cat "$disk_state/device/$_member")
        _uuid=${_pairs#*"$_member="}
        lvm_do pvcreate --force --force --yes --uuid "${_uuid%% *}" --norestorefile "$_device" >/dev/null || lvm_failed
        _devices="$_devices $_device"
    done
    # shellcheck disable=SC2086  # one word a device
    lvm_do vgcreate --addtag "$_tag" "$vg_prefix$_group" $_devices >/dev/null || lvm_failed
    note "$_what is new:$_devices"
}

# want_volume GROUP NAME TAG MIB: MIB is 0 for what is left.
want_volume() {
    _device=/dev/$vg_prefix$1/$2 _what="the volume $1.$2" _group=$1 _volume=$2 _tag=$3 _mib=$4
    if [ ! -e "$disk_state/device/$_group" ]; then
        return
    fi
    # Name and tag: a volume that nobody tagged has a name at least.
    _found=$(awk -v name="$_volume" '$1 == name { print $1 ($2 ? " " $2 : "") }' "$disk_state/device/$_group")
    case $_found in
        "$_volume $_tag") ;;
        '') make_volume ;;
        "$_volume $unfinished_tag")
            remove_volume
            make_volume
            ;;
        *)
            if ! may_wipe "$_group"; then
                refuse "$_what is there, but is another than the document's"
                return
            fi
            note "$_what is wiped, as granted: it was another than the document's"
            remove_volume
            make_volume
            ;;
    esac
    printf '%s\n' "$_device" >"$disk_state/device/$_group.$_volume"
}

remove_volume() {
    lvm_do lvremove --yes "$vg_prefix$_group/$_volume" >/dev/null || lvm_failed
}

make_volume() {
    _size="--size ${_mib}m"
    if [ "$_mib" -eq 0 ]; then
        _size='--extents 100%FREE'
    fi
    # shellcheck disable=SC2086  # two words
    lvm_do lvcreate --yes --addtag "$unfinished_tag" --name "$_volume" $_size "$vg_prefix$_group" >/dev/null || lvm_failed
    clear_ends "$_device"
    lvm_do lvchange --deltag "$unfinished_tag" --addtag "$_tag" "$vg_prefix$_group/$_volume" >/dev/null || lvm_failed
    note "$_what is new: $_device"
    : >"$disk_state/fresh/$_group.$_volume"
}
