#!/bin/sh
# tell.sh: tells the head that the node is up, by a unit that hand-over wrote. tell.sh STAGE WORD [DETAIL]: tells it
# one line more, such as "files end 12 files". Each report has all that was said before. Needs of the image systemd,
# and busybox, which the initrd was made from.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
place=${MODPKG_TOLD-/run/modpkg}
# How long to wait before each try: the head may be away.
pauses=${MODPKG_PAUSES-0 5 15 60 300}

# up: the line that says when multi-user was reached, how much memory is in use, which units failed.
up() {
    # Services may still be starting.
    timeout 300 systemctl is-system-running --wait >/dev/null 2>&1
    usec=$(systemctl show --property=ActiveEnterTimestampMonotonic --value multi-user.target)
    failed=$(systemctl list-units --state=failed --plain --no-legend --no-pager |
        cut -d ' ' -f 1 | head -n 20 | tr '\n' ,)
    while read -r name kib _; do
        case $name in
            MemTotal:) total=$kib ;;
            MemAvailable:) available=$kib ;;
        esac
    done </proc/meminfo
    printf 'modpkg: %d.%02d multi-user end used-kib=%d total-kib=%d failed=%s\n' \
        "$((usec / 1000000))" "$((usec / 10000 % 100))" "$((total - available))" "$total" "${failed%,}"
}

# body: what is sent. Of much that was told it is the first and the newest, as the head takes 64 KiB.
body() {
    if [ "$(wc -l <"$place/events")" -le 200 ]; then
        cat "$place/events"
    else
        head -n 100 "$place/events"
        tail -n 100 "$place/events"
    fi | cut -c 1-300
}

if [ ! -e "$place/report" ]; then
    # Nobody is told of this boot.
    exit 0
fi
read -r url <"$place/report"
if [ $# -gt 0 ]; then
    read -r seconds _ </proc/uptime
    printf 'modpkg: %s %s\n' "$seconds" "$*" >>"$place/events"
else
    line=$(up)
    printf '%s\n' "$line" >>"$place/events"
fi
for pause in $pauses; do
    sleep "$pause"
    body >"$place/body.$$"
    if timeout 20 busybox wget -q -O /dev/null --post-file "$place/body.$$" "$url" 2>/dev/null; then
        rm -f "$place/body.$$"
        : >"$place/reported"
        exit 0
    fi
done
rm -f "$place/body.$$"
echo "the head did not take the report: $url"
exit 1
