#!/bin/busybox sh
# The image, and what a site laid over it, into memory, each from the first of several addresses that gives it
# whole. What has come is kept: the next try goes on where the last one ended.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

# How near the digest may come to the end of what is still being written.
near_bytes=8388608
moved=0

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

# moved PROCESS WORD: sets $moved to the bytes that a process has read (rchar) or written (wchar) so far.
moved() {
    moved=0
    while read -r key value; do
        if [ "$key" = "$2:" ]; then
            moved=$value
        fi
    done 2>/dev/null <"/proc/$1/io"
}

# digest_along FILE MARK WRITER: prints the sha256 of a file while WRITER writes it, until MARK is there. The digest is
# held where it comes near the end that the file has now, which it would take for the end of all. No pipe lies
# between them: a processor would wake another for each 4 KiB.
digest_along() {
    until [ -e "$2" ] || [ "$moved" -gt "$near_bytes" ]; do
        usleep 50000
        moved "$3" wchar
    done
    sha256sum <"$1" &
    reader=$!
    while [ ! -e "$2" ]; do
        moved "$3" wchar
        written=$moved
        moved "$reader" rchar
        if [ $((written - moved)) -lt "$near_bytes" ]; then
            kill -STOP "$reader"
        else
            kill -CONT "$reader"
        fi
        usleep 50000
    done
    kill -CONT "$reader"
    wait "$reader"
}

# fetch URL FILE: once. If all of it comes at once its sha256 is known soon after. What comes in several parts can have
# been begun anew by the server meanwhile: only what lies in the file counts then, and `verify` reads it.
fetch() {
    sum=$digests/${2##*/}
    mkdir -p "$digests"
    rm -f "$sum" "$sum.ended"
    [ -e "$2" ] && is_new= || is_new=yes
    wget -q -c -O "$2" "$1" 2>/tmp/wget.log &
    fetching=$!
    if [ "$is_new" ]; then
        digest_along "$2" "$sum.ended" "$fetching" >"$sum" 2>/dev/null &
        following=$!
    fi
    end_when_idle "$fetching" "$2" &
    watching=$!
    wait "$fetching"
    status=$?
    kill "$watching" 2>/dev/null
    if [ "$is_new" ]; then
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
