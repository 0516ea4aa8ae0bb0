#!/bin/busybox sh
# What a plan of settings calls: puts texts in place below the new root. Defines, does nothing.
# Paths in plans are those of the running node; all are fixed by modpkg or below /etc/systemd.

# shellcheck source=library.sh
. /lib/modpkg/library.sh

export put_count=0
# What went wrong and harms nothing, for the end of the stage: the head keeps no other lines.
export warned=
units=/etc/systemd/system

# warn WORDS: one line on the console and to the head; the boot goes on.
warn() {
    say settings warning "$*"
    warned="$warned; $*"
}

# place PATH: prints where a path of the node is now. /run moves along when the image takes over.
place() {
    case $1 in
        /run/*) printf '%s\n' "$1" ;;
        *) printf '%s\n' "$newroot$1" ;;
    esac
}

# room PATH: makes the directory that a file shall lie in, and takes away what is there: a link leads elsewhere.
room() {
    mkdir -p "${1%/*}" || fail "cannot make ${1%/*}"
    rm -f "$1" || fail "cannot replace $1"
}

# put PATH MODE TEXT: writes a file.
put() {
    _file=$(place "$1")
    room "$_file"
    # Nobody reads it before it has its mode.
    (umask 077 && printf '%s' "$3" >"$_file") || fail "cannot write $1"
    chmod "$2" "$_file" || fail "cannot set the mode of $1"
    put_count=$((put_count + 1))
}

# put_for PROGRAM PATH TEXT: writes a file that only this program of the image reads.
put_for() {
    if [ -e "$newroot/$1" ]; then
        put "$2" 0644 "$3"
    fi
}

# put_link PATH TARGET: makes a link.
put_link() {
    _file=$(place "$1")
    room "$_file"
    ln -s "$2" "$_file" || fail "cannot make the link $1"
    put_count=$((put_count + 1))
}

# put_fetched PATH MODE URL SHA256: writes a file that is too large for a plan.
put_fetched() {
    get_file "$3" /tmp/fetched
    verify /tmp/fetched "$4" "$1"
    _file=$(place "$1")
    room "$_file"
    cp /tmp/fetched "$_file" || fail "cannot write $1"
    chmod "$2" "$_file"
    rm -f /tmp/fetched
    put_count=$((put_count + 1))
}

# get_file URL FILE: several tries, as a head may just start.
get_file() {
    for _pause in 1 2 4 0; do
        if timeout 20 wget -q -O "$2" "$1" 2>/tmp/wget.log; then
            return
        fi
        sleep "$_pause"
    done
    fail "cannot fetch $1: $(tail -n 1 /tmp/wget.log)"
}

# add_lines PATH MODE LINES: adds those that a file does not have yet.
add_lines() {
    _file=$(place "$1")
    (umask 077 && mkdir -p "${_file%/*}") || fail "cannot make ${1%/*}"
    if [ -e "$_file" ] && [ -n "$(tail -c 1 "$_file")" ]; then
        echo >>"$_file"
    fi
    printf '%s' "$3" | while IFS= read -r _line; do
        grep -qxF -e "$_line" "$_file" 2>/dev/null || printf '%s\n' "$_line" >>"$_file" || exit 1
    done || fail "cannot write $1"
    chmod "$2" "$_file"
    put_count=$((put_count + 1))
}

# want UNIT: it is started with the node.
want() {
    # A template's instance has the file of the template.
    _name=$1
    case $1 in
        *@*.*) _name=${1%%@*}@.${1##*.} ;;
    esac
    if [ "$(readlink "$newroot$units/$1")" = /dev/null ]; then
        warn "$1 is not started: it is masked in the image"
        return
    fi
    for _folder in "$units" /usr/lib/systemd/system; do
        if [ -e "$newroot$_folder/$_name" ] || [ -L "$newroot$_folder/$_name" ]; then
            put_link "$units/multi-user.target.wants/$1" "$_folder/$_name"
            return
        fi
    done
    warn "$1 is not started: the image has no such unit"
}

# zone NAME: the time zone.
zone() {
    if [ ! -e "$newroot/usr/share/zoneinfo/$1" ]; then
        warn "the time zone stays: the image has no $1"
        return
    fi
    put_link /etc/localtime "/usr/share/zoneinfo/$1"
    put /etc/timezone 0644 "$1
"
}

# resolver_of_lease: name servers are those of DHCP, unless the image or the site has its own.
resolver_of_lease() {
    if [ ! -e "$newroot/etc/resolv.conf" ] && [ ! -L "$newroot/etc/resolv.conf" ]; then
        put_link /etc/resolv.conf /run/modpkg/resolv.conf
    fi
}

# head_key URL SHA256: the node's ssh key, which the head keeps and gives to this node's address alone.
head_key() {
    _key=/etc/ssh/ssh_host_ed25519_key
    get_file "$1" /tmp/key
    verify /tmp/key "$2" "the host key"
    rm -f "$newroot"/etc/ssh/ssh_host_*
    put "$_key" 0600 "$(cat /tmp/key)
"
    rm -f /tmp/key
    ssh_uses "$_key"
}

# disk_keys may|must: the node's ssh keys lie on its own disk, made at the first boot that finds none there.
disk_keys() {
    _state=/var/lib/modpkg/ssh
    _disk=
    # The last one that fits is the innermost.
    while read -r _device _place _type _; do
        case $newroot$_state/ in
            "$_place"/*) _disk=$_type ;;
        esac
    done </proc/mounts
    case $_disk in
        ext[234] | xfs | btrfs | zfs) ;;
        *)
            if [ "$1" = must ]; then
                warn "ssh host keys are new at each boot: no disk is mounted at /var"
            fi
            return
            ;;
    esac
    (umask 077 && mkdir -p "$newroot$_state/etc/ssh") || fail "cannot make $_state"
    if [ ! -e "$newroot/usr/lib/modpkg/host-keys" ]; then
        # A core before 12.0.0-3 makes only those that sshd looks for by itself.
        put "$units/ssh.service.d/modpkg-keys-on-disk.conf" 0644 "[Service]
ExecStartPre=
ExecStartPre=/usr/bin/ssh-keygen -A -f $_state
ExecStartPre=/usr/sbin/sshd -t
"
    fi
    _keys=$_state/etc/ssh
    set -- "$_keys/ssh_host_ed25519_key" "$_keys/ssh_host_ecdsa_key"
    # Clients may know the node by a key of another type that it has had.
    for _key in "$newroot$_keys"/ssh_host_*_key; do
        case $_key in
            *_ed25519_key | *_ecdsa_key | *'*'*) ;;
            *) set -- "$@" "${_key#"$newroot"}" ;;
        esac
    done
    ssh_uses "$@"
}

# ssh_uses KEYS...: sshd has these keys alone.
ssh_uses() {
    put /etc/ssh/sshd_config.d/modpkg-host-keys.conf 0644 "$(printf 'HostKey %s\n' "$@")
"
}
