#!/bin/busybox sh
# What the stages share: places, kernel arguments, words on the console, failure. Defines, does nothing.

export image=/run/modpkg/image/root.squashfs
export verity=/run/modpkg/image/root.verity
export layers=/run/modpkg/image/layers
export site=/run/modpkg/image/site.squashfs
export base_file=/tmp/base
export newroot=/newroot
# What the head says about this node alone: words as on the kernel's command line, which win over these.
own_file=/run/modpkg/arguments
# The sha256 of files that were digested while they came, by name.
export digests=/tmp/digests
reason_file=/tmp/reason
detail_file=/tmp/detail
online_file=/tmp/online
# All that was said so far, with the boot's own id before it: what the head is told.
export events_file=/tmp/events

# argument NAME [DEFAULT]: prints the last value of NAME=VALUE on the kernel's command line, else of the head's.
argument() {
    _value=${2-}
    _own=
    [ ! -e "$own_file" ] || _own=$(cat "$own_file")
    set -f
    for _word in $_own $MODPKG_ARGUMENTS; do
        case $_word in
            "$1="*) _value=${_word#*=} ;;
        esac
    done
    set +f
    printf '%s\n' "$_value"
}

# arguments NAME: prints every value of NAME=VALUE on the kernel's command line, a line each.
arguments() {
    set -f
    for _word in $MODPKG_ARGUMENTS; do
        case $_word in
            "$1="?*) printf '%s\n' "${_word#*=}" ;;
        esac
    done
    set +f
}

# flag NAME: holds if NAME is on the kernel's command line.
flag() {
    case " $MODPKG_ARGUMENTS " in
        *" $1 "*) return 0 ;;
    esac
    return 1
}

# say STAGE WORD [DETAIL]: one line on the console, the same in the kernel's log, the same to the head.
say() {
    read -r _uptime _ </proc/uptime
    _line="modpkg: $_uptime $*"
    printf '%s\n' "$_line"
    # Level 7 reaches the journal, and the console only with "debug".
    if [ -c /dev/kmsg ]; then
        printf '<7>%s\n' "$_line" >/dev/kmsg
    fi
    if [ ! -e "$events_file" ]; then
        read -r _boot </proc/sys/kernel/random/boot_id
        printf 'modpkg-boot: %s %s\n' "$_boot" "$(image_name)" >"$events_file"
    fi
    printf '%s\n' "$_line" >>"$events_file"
    # The next stage begins at once, and its report has this line too.
    if [ "$2" != end ] || [ "$1" = hand-over ]; then
        report
    fi
}

# report: sends all that was said so far. A head that was away, or a report that was lost, is made up by the next.
report() {
    [ -e "$online_file" ] || return 0
    _report=$(argument modpkg.report)
    if [ -n "$_report" ]; then
        # The node never waits for whom it reports to.
        timeout 5 wget -q -O /dev/null --post-file "$events_file" "$_report" 2>/dev/null &
    fi
}

# image_name: prints the folder that the image lies in on the head, which has name and version.
image_name() {
    _name=$(argument modpkg.image "$(argument modpkg.layers)")
    _name=${_name%%,*}
    _name=${_name%/*}
    printf '%s\n' "${_name##*/}"
}

# fail REASON: ends a stage.
fail() {
    printf '%s\n' "$*" >"$reason_file"
    exit 1
}

# verify FILE WANTED WORDS: ends the stage, and removes the file, unless its sha256 is the wanted one.
verify() {
    _sum=$digests/${1##*/} _found=
    if [ -s "$_sum" ]; then
        _found=$(cat "$_sum")
        # It speaks of what was there then.
        rm -f "$_sum"
    fi
    # It can have missed the end of a file that came slowly.
    if [ "${_found%% *}" != "$2" ]; then
        _found=$(sha256sum "$1")
    fi
    _found=${_found%% *}
    if [ "$_found" != "$2" ]; then
        rm -f "$1"
        fail "$3's sha256 is $_found, wanted $2"
    fi
}

# digest NAME: prints the digest that a kernel argument gives.
digest() {
    _digest=$(argument "$1")
    case $_digest in
        *[!0-9a-f]* | '') fail "no $1= among the kernel's arguments, or not in lower-case hexadecimal" ;;
    esac
    printf '%s\n' "$_digest"
}

# detail TEXT: what "end" of this stage shall say.
detail() {
    printf '%s\n' "$*" >"$detail_file"
}

# shell_before STAGE: a shell on the console if early-shell= names the stage.
shell_before() {
    if [ "$(argument early-shell)" = "$1" ]; then
        echo "early-shell: $1 is next; the node goes on when this shell ends"
        setsid cttyhack sh
    fi
}

# run_stage NAME: runs one stage, or gives up.
run_stage() {
    rm -f "$reason_file" "$detail_file"
    # These have nothing to do unless an address is given.
    case $1 in
        check | disks | settings) [ -n "$(argument "modpkg.$1")" ] || return 0 ;;
    esac
    shell_before "$1"
    say "$1" start
    _trace=
    if flag debug; then
        _trace=-x
    fi
    if ! /bin/busybox sh -u $_trace "/lib/modpkg/stages/$1.sh"; then
        give_up "$1" "$(cat "$reason_file" 2>/dev/null || echo 'no reason given')"
    fi
    if [ -e "$detail_file" ]; then
        say "$1" end "$(cat "$detail_file")"
    else
        say "$1" end
    fi
}

# give_up STAGE REASON: says why, gives a shell if that is wanted, and starts the node again.
give_up() {
    say "$1" failed "$2"
    if flag early-shell; then
        echo 'early-shell: the node starts again when this shell ends'
        setsid cttyhack sh
    else
        _delay=$(argument modpkg.retry 30)
        echo "this node starts again in $_delay seconds"
        sleep "$_delay"
    fi
    # What is still being reported must not be lost.
    wait
    reboot -f
    # reboot returns at once; the first program must not end before it works.
    sleep 60
}
