#!/bin/busybox sh
# The image into memory, from the first of several addresses that gives it whole. What has come is kept:
# the next try goes on where the last one ended.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

size_of() {
    stat -c %s "$image" 2>/dev/null || echo 0
}

# Ends process $1 once the image has not grown for 20 s. Debian's busybox has no timeout in wget itself.
end_when_idle() {
    idle=0
    last=-1
    while [ "$idle" -lt 4 ]; do
        size=$(size_of)
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

fetch() {
    wget -q -c -O "$image" "$1" 2>/tmp/wget.log &
    fetching=$!
    end_when_idle "$fetching" &
    watching=$!
    wait "$fetching"
    status=$?
    kill "$watching" 2>/dev/null
    return "$status"
}

urls=$(argument modpkg.image | tr , ' ')
[ -n "$urls" ] || fail "no modpkg.image= among the kernel's arguments"

mkdir -p "${image%/*}"
mount -t tmpfs -o nosuid,nodev,noexec,mode=700,size=80% tmpfs "${image%/*}" || fail "cannot mount ${image%/*}"

for pause in 1 2 4 8 16; do
    for url in $urls; do
        if fetch "$url"; then
            detail "$(size_of) bytes from $url"
            exit 0
        fi
        reason=$(tail -n 1 /tmp/wget.log)
        echo "cannot fetch $url: ${reason:-wget ended with status $status}"
    done
    sleep "$pause"
done
fail "no address gave the image; the last one said: ${reason:-nothing}"
