#!/bin/busybox sh
# The image, and what a site laid over it, into memory, each from the first of several addresses that gives it
# whole. What has come is kept: the next try goes on where the last one ended.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

size_of() {
    stat -c %s "$1" 2>/dev/null || echo 0
}

# end_when_idle PROCESS FILE: ends it once the file has not grown for 20 s. Debian's busybox has no timeout in
# wget itself.
end_when_idle() {
    idle=0
    last=-1
    while [ "$idle" -lt 4 ]; do
        size=$(size_of "$2")
        if [ "$size" = "$last" ]; then
            idle=$((idle + 1))
        else
            idle=0
        fi
        last=$size
        sleep 5
    done
    echo "nothing came for 20 s" >>/tmp/wget.log
    kill "$1"
}

# follow FILE MARK: prints a file while it grows, until MARK is there, which means that no more will come.
follow() {
    read_mib=0
    while :; do
        ended=
        [ ! -e "$2" ] || ended=yes
        mib=$(($(size_of "$1") / 1048576))
        if [ "$mib" -gt "$read_mib" ]; then
            dd if="$1" bs=1048576 skip="$read_mib" count=$((mib - read_mib)) 2>/dev/null || return
            read_mib=$mib
        elif [ "$ended" ]; then
            dd if="$1" bs=1048576 skip="$read_mib" 2>/dev/null
            return
        else
            usleep 100000
        fi
    done
}

# fetch URL FILE: once. If all of it comes at once its sha256 is known as soon as it is there. What comes in several
# parts can have been begun anew by the server meanwhile: only what lies in the file counts then, and `verify` reads it.
fetch() {
    following=
    sum=$digests/${2##*/}
    mkdir -p "$digests"
    rm -f "$sum" "$sum.ended"
    if [ ! -e "$2" ]; then
        follow "$2" "$sum.ended" | sha256sum >"$sum" &
        following=$!
    fi
    wget -q -c -O "$2" "$1" 2>/tmp/wget.log &
    fetching=$!
    end_when_idle "$fetching" "$2" &
    watching=$!
    wait "$fetching"
    status=$?
    kill "$watching" 2>/dev/null
    if [ "$following" ]; then
        : >"$sum.ended"
        wait "$following"
        [ "$status" -eq 0 ] || rm -f "$sum"
    fi
    return "$status"
}

# addresses NAME: what a kernel argument names, a word each. A name alone lies where modpkg.base= says, else
# where DHCP says that the node booted from.
addresses() {
    bases=$(argument modpkg.base "$(cat "$base_file" 2>/dev/null)" | tr , ' ')
    for address in $(argument "$1" | tr , ' '); do
        case $address in
            *://*) echo "$address" ;;
            *)
                for base in $bases; do
                    echo "${base%/}/$address"
                done
                ;;
        esac
    done
}

# get NAME FILE: what a kernel argument names.
get() {
    urls=$(addresses "$1")
    [ -n "$urls" ] || fail "no address in $1=$(argument "$1"): it is a name, and no modpkg.base= is given"
    get_any "$2"
}

# get_any FILE: tries all addresses in $urls, in rounds. $url is then the one that gave it.
get_any() {
    reason=
    for pause in 1 2 4 8 16; do
        for url in $urls; do
            if fetch "$url" "$1"; then
                told="${told:+$told, }$(size_of "$1") bytes from $url"
                return
            fi
            reason=$(tail -n 1 /tmp/wget.log)
            echo "cannot fetch $url: ${reason:-wget ended with status $status}"
        done
        sleep "$pause"
    done
    fail "no address gave ${1##*/}; the last one said: ${reason:-nothing}"
}

# get_layers: the list, and once it is known to be the right one, the layers that it names, from beside it.
get_layers() {
    get modpkg.layers "$layers"
    wanted=$(digest modpkg.sha256) || exit 1
    verify "$layers" "$wanted" "the list of layers"
    lists=$(addresses modpkg.layers)
    while read -r _ name; do
        urls=
        for list in $lists; do
            urls="$urls ${list%/*}/$name"
        done
        get_any "${layers%/*}/$name"
    done <"$layers"
}

[ -n "$(argument modpkg.image)$(argument modpkg.layers)" ] || fail "no modpkg.image= among the kernel's arguments"
mkdir -p "${image%/*}"
mount -t tmpfs -o nosuid,nodev,noexec,mode=700,size=80% tmpfs "${image%/*}" || fail "cannot mount ${image%/*}"
told=
if [ -n "$(argument modpkg.layers)" ]; then
    get_layers
else
    get modpkg.image "$image"
    if [ -n "$(argument modpkg.verity)" ]; then
        get modpkg.verity "$verity"
    fi
fi
if [ -n "$(argument modpkg.site)" ]; then
    get modpkg.site "$site"
fi
detail "$told"
