#!/bin/sh
# Boots the image in this file's directory in QEMU; further arguments go to the kernel:
#     ./boot.sh [ARGUMENT...]        for example ./boot.sh early-shell
# MEMORY (in MB, 2048) and CPUS (2) size the machine; ACCEL=kvm is quick where it works. It needs python3, qemu-system-x86 and coreutils.
# The directory is served to the machine on the loopback as long as it runs. Leave it with Ctrl-A X.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
server=

finish() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' HUP INT TERM

die() {
    printf 'boot.sh: %s\n' "$1" >&2
    exit 1
}

for program in python3 qemu-system-x86_64 sha256sum; do
    command -v "$program" >/dev/null || die "cannot find the program $program"
done
cd "$here"
sha256sum --check --quiet --strict SHA256SUMS >&2 || die "a file of $here is not what SHA256SUMS says"

python3 -u -m http.server --bind 127.0.0.1 --directory "$here" 0 >"$work/server.log" 2>&1 &
server=$!
port=
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    port=$(sed -n 's/^Serving HTTP on .* port \([0-9]*\) .*/\1/p' "$work/server.log")
    [ -z "$port" ] || break
    sleep 0.5
done
[ -n "$port" ] || die "cannot serve $here: $(tail -n 1 "$work/server.log")"

# 10.0.2.2 is this machine's loopback, as the virtual one sees it.
qemu-system-x86_64 -accel "${ACCEL:-tcg}" -cpu max -smp "${CPUS:-2}" -m "${MEMORY:-2048}" \
    -nodefaults -nographic -no-reboot -serial mon:stdio \
    -netdev user,id=net -device virtio-net-pci,netdev=net,romfile= \
    -kernel vmlinuz -initrd initrd \
    -append "$(cat cmdline) console=ttyS0,115200 random.trust_cpu=on modpkg.base=http://10.0.2.2:$port $*"
