#!/bin/sh
# Joins the tree of an NFS server under the node's /usr.
#
#   chroot run      join, tell systemd so, then watch the server
#   chroot reload   take the newest generation; copy what is new in the chroot's /etc
#   chroot leave    /usr is the image's alone again
#   chroot etc      copy what is new in the chroot's /etc
#
# SERVER=, PATH=, MODE= and OPTIONS= in /etc/modpkg/chroot.conf, else /run/modpkg/chroot.conf, say what to join.
set -u
export LC_ALL=C

CONFS=${MODPKG_CHROOT_CONFS:-"/etc/modpkg/chroot.conf /run/modpkg/chroot.conf"}
BASE=/run/modpkg/chroot
# The node's own /usr, beside the union that covers it.
OWN=$BASE/usr
# A tmpfs with the server's tree below it: to detach it asks the server nothing, and takes the tree along.
NFS=$BASE/nfs
SHARE=$NFS/share
# Needs nothing of the union that it watches: static, and from the other /usr.
BUSYBOX=$OWN/bin/busybox
UNION=modpkg-chroot
# Hard: programs of the chroot wait for a server that starts again. None of them is needed to run the node.
MOUNT=ro,nodev,vers=4.2,hard,actimeo=3,nconnect=2,retry=0
# Each is needed: setuid programs work, the image's own too; the first found wins; nothing missing is remembered, and
# changes are seen after a second. Many threads: each that asks the server waits for it alone.
MERGE=suid,dev,allow_other,use_ino,nonempty,minfreespace=0,category.search=ff,category.create=ff,category.action=ff
MERGE=$MERGE,cache.files=partial,cache.entry=1,cache.negative_entry=0,cache.attr=1,threads=64,fsname=$UNION
EVERY=${MODPKG_CHROOT_EVERY:-5}
PATIENCE=5
REFUSED=78
# How a node tells its head what happens to it; not there where no head asked.
TELL=${MODPKG_TELL:-/run/modpkg/tell.sh}

say() {
    echo "$*"
}

fail() {
    say "cannot join the chroot: $*" >&2
    tell failed "$*"
    exit 1
}

# tell STATE WORDS: the head is told once of what is tried again and again. Nothing waits for it: it may be away.
tell() {
    [ -e "$TELL" ] || return 0
    mkdir -p $BASE
    read -r told 2>/dev/null <$BASE/told || told=''
    [ "$told" != "$*" ] || return 0
    echo "$*" >$BASE/told
    MODPKG_PAUSES=0 timeout -s KILL 30 sh "$TELL" chroot "$@" >/dev/null 2>&1 &
}

# settings: sets server, path, mode, options, of the first file that is there.
settings() {
    server='' path='' mode=live options=''
    for conf in $CONFS; do
        [ -r "$conf" ] || continue
        while IFS='=' read -r key value; do
            case $key in
                SERVER) server=$value ;;
                PATH) path=$value ;;
                MODE) mode=$value ;;
                OPTIONS) options=$value ;;
                '' | '#'*) ;;
                *) fail "$conf has the unknown key $key" ;;
            esac
        done <"$conf"
        [ "$server" ] || fail "$conf has no SERVER="
        [ "$path" ] || fail "$conf has no PATH="
        case $mode in
            live | generation) return ;;
            *) fail "$conf has MODE=$mode: live or generation is known" ;;
        esac
    done
    fail "none of $CONFS is there"
}

# mounted TARGET [SOURCE]: whether something (this) is mounted there. Asks no file system.
mounted() {
    while read -r source target _; do
        [ "$target" = "$1" ] && [ "${2:-$source}" = "$source" ] && return
    done </proc/self/mounts
    return 1
}

set_own_aside() {
    mounted $OWN && return
    mkdir -p $OWN
    # Shared with the namespace of mergerfs, and with nothing else: what one mounts here, the other has.
    mount --bind $BASE $BASE || fail "cannot set /usr aside"
    mount --make-private --make-shared $BASE || fail "cannot set /usr aside"
    # Private: what is mounted over /usr would appear here too, as its own branch.
    mount --bind /usr $OWN || fail "cannot set /usr aside"
    mount --make-private $OWN || fail "cannot set /usr aside"
}

attach() {
    mkdir -p $NFS
    mounted $NFS || mount -t tmpfs -o mode=0755,size=64k $UNION $NFS || return
    mkdir -p $SHARE
    mounted $SHARE || timeout -s KILL 40 /usr/bin/mount -t nfs -o "$MOUNT${options:+,$options}" "$server:$path" $SHARE
}

detach() {
    if [ "$mode" = generation ]; then drop_union; fi
    umount -l $NFS
}

# wrong WORDS: what the server's tree lacks.
wrong() {
    say "$server:$path $*" >&2
    tell failed "$server:$path $*"
}

# newest: sets tree to what the server has now.
newest() {
    tree=$SHARE
    if [ "$mode" = generation ]; then
        number=$(readlink $SHARE/current) || { wrong "has no generation: modpkg chroot-commit makes one"; return 1; }
        echo "${number##*/}" >$BASE/generation
    elif [ -d $SHARE/tree/usr ]; then
        : >$BASE/in-tree
    else
        rm -f $BASE/in-tree
    fi
    joined
    [ -d "$tree/usr" ] || { wrong "has no usr"; return 1; }
}

# joined: sets tree to what the union shows. Asks the server nothing.
joined() {
    tree=$SHARE
    if [ "$mode" = generation ]; then
        read -r number <$BASE/generation
        tree=$SHARE/generations/$number
    elif [ -e $BASE/in-tree ]; then
        tree=$SHARE/tree
    fi
}

# release_of USR: the distribution and its version.
release_of() {
    sed -n "s/^ID=/1 /p; s/^VERSION_ID=/2 /p" "$1/lib/os-release" | tr -d "\"'" | sort | cut -c3- | xargs
}

# Libraries of one release under programs of another break in ways that nobody finds.
same_release() {
    here=$(release_of $OWN) there=$(release_of "$tree/usr")
    [ "$here" = "$there" ] && return
    say "cannot join the chroot: it is of release '$there', this image of '$here'" >&2
    tell failed "it is of release '$there', this image of '$here'"
    return 1
}

unite() {
    if [ "$mode" = generation ]; then
        # The newest changes of the node go on; a generation that is still in use keeps those it has.
        rm -rf $BASE/next
        mkdir -p $BASE/next/work
        if [ -d "$BASE/changes" ]; then /usr/bin/cp -a $BASE/changes $BASE/next/upper; else mkdir $BASE/next/upper; fi
        place=$BASE/union.$number.$(date +%s)
        mv $BASE/next "$place"
        ln -sfn "$place/upper" $BASE/changes.new && mv -T $BASE/changes.new $BASE/changes
        mount -t overlay -o "lowerdir=$OWN:$tree/usr,upperdir=$place/upper,workdir=$place/work" $UNION /usr
    else
        modprobe -q fuse
        mkdir -p $BASE/union
        # mergerfs asks NSS for the groups of users. Were its /usr the union, it would wait for itself to load what NSS
        # needs; were NSS to ask a daemon, that might wait for the union. So its /usr stays what it was, and groups are
        # those of /etc/group. The sign keeps systemd from killing it while /usr is in use.
        printf 'passwd: files\ngroup: files\n' >$BASE/nsswitch.conf
        # shellcheck disable=SC2016 # $0 and $@ are the inner shell's
        /usr/bin/unshare --mount --propagation unchanged bash -c \
            'mount --make-private / && mount --bind "$0" /etc/nsswitch.conf && exec -a "@mergerfs" mergerfs "$@"' \
            $BASE/nsswitch.conf -o $MERGE "$OWN=RW:$tree/usr=RO" $BASE/union || return
        mount --bind $BASE/union /usr
    fi
}

drop_union() {
    while mounted /usr $UNION; do
        timeout -s KILL $PATIENCE $BUSYBOX umount -l /usr || break
    done
    if mounted $BASE/union; then timeout -s KILL $PATIENCE $BUSYBOX umount -l $BASE/union; fi
}

# What stays the node's own: who it is, its accounts, its keys, its services.
etc() {
    settings
    joined
    cd "$tree/etc" || exit
    find . \( -path ./apt -o -path ./dpkg -o -path ./modpkg -o -path './rc?.d' -o -path ./init.d \
        -o -path ./systemd/system -o -path ./systemd/network -o -path './ssh/ssh_host_*' -o -path ./machine-id \
        -o -path ./hostname -o -path ./hosts -o -path ./resolv.conf -o -path ./fstab -o -path ./mtab \
        -o -path ./adjtime -o -path ./.pwd.lock -o -path './passwd*' -o -path './group*' -o -path './shadow*' \
        -o -path './gshadow*' -o -path './subuid*' -o -path './subgid*' -o -path ./ld.so.cache \
        -o -name '*.dpkg-*' \) -prune -o ! -type d -print | sort >$BASE/theirs
    (cd /etc && find . ! -type d) | sort >$BASE/ours
    comm -23 $BASE/theirs $BASE/ours >$BASE/missing
    if [ -s $BASE/missing ]; then
        tar -cf - --no-recursion --ignore-failed-read --verbatim-files-from -T $BASE/missing 2>/dev/null |
            tar -C /etc -xpf - --skip-old-files
        say "copied $(wc -l <$BASE/missing) files that /etc had not"
    fi
    for theirs in "$tree"/opt/*; do
        name=/opt/${theirs##*/}
        if [ -e "$theirs" ] && ! [ -e "$name" ] && ! [ -L "$name" ]; then ln -s "$theirs" "$name"; fi
    done
    # -X: the links of libraries in /usr are the packages'.
    ldconfig -X
}

# Asks the server, not a cache: attributes are kept for 3 s.
stamp() {
    for file in var/lib/dpkg/status var/lib/rpm/rpmdb.sqlite usr/lib/os-release; do
        timeout -s KILL $PATIENCE $BUSYBOX stat -c '%i %Y %s' "$tree/$file" 2>/dev/null && return
        [ $? = 1 ] || return
    done
    return 1
}

# Who asks a union that hangs cannot be ended either, and so is not waited for.
union_answers() {
    rm -f $BASE/answered
    { $BUSYBOX stat /usr/bin >/dev/null 2>&1 && : >$BASE/answered; } &
    for pause in 0.2 1 2 2; do
        sleep $pause
        [ -e $BASE/answered ] && return
    done
    return 1
}

# status STATE WORDS [--ready]: for systemctl status, and for the head.
status() {
    tell "$1" "$2"
    timeout -s KILL $PATIENCE systemd-notify "--status=$2" ${3:+"$3"}
}

run() {
    settings
    rm -f $BASE/stopped
    set_own_aside
    attach || fail "cannot mount $server:$path"
    newest || exit 1
    same_release || { detach; exit $REFUSED; }
    mounted /usr $UNION || unite || fail "cannot mount the union over /usr"
    etc
    say "joined $server:$path, $mode${number:+ $number}"
    status end "joined $server:$path" --ready
    exec $BUSYBOX sh $OWN/lib/modpkg/chroot watch
}

# tend: one look at server and union. A server that vanishes must not hold up who asks for what the image has.
tend() {
    if mounted $SHARE; then
        joined
        if now=$(stamp); then
            misses=0
        else
            misses=$((misses + 1))
            [ $misses -ge 2 ] || return
            say "the server $server does not answer: its software is away until it does"
            detach
            seen=''
            status failed "$server does not answer"
        fi
    elif attach 2>/dev/null && newest && same_release; then
        say "the server $server answers again"
        misses=0
        status end "joined $server:$path"
    else
        # A tree of another release: as if there was none.
        if mounted $SHARE; then detach; fi
    fi
    if mounted /usr $UNION && ! union_answers; then
        say "the union does not answer: /usr is the image's alone"
        tell failed "the union does not answer"
        drop_union
    fi
    mounted $SHARE || return
    mounted /usr $UNION || { unite && tell end "joined $server:$path"; }
    # Not waited for: it looks for programs in the union, which nothing can end while the server is away.
    if [ "$now" != "$seen" ] && ! kill -0 "$copying" 2>/dev/null; then
        seen=$now
        timeout -s KILL 120 $OWN/lib/modpkg/chroot etc &
        copying=$!
    fi
}

watch() {
    # A shell asks each place of PATH for a program: in the union that asks the server for what the image has not.
    export PATH=$OWN/sbin:$OWN/bin
    settings
    joined
    misses=0 now='' seen=$(stamp) copying=none
    while sleep "$EVERY"; do
        [ -e $BASE/stopped ] && exit
        tend
    done
}

reload() {
    settings
    read -r before <$BASE/generation 2>/dev/null || before=''
    newest || exit 1
    if ! same_release; then
        echo "$before" >$BASE/generation
        exit $REFUSED
    fi
    if [ "$mode" = generation ] && [ "$before" != "$number" ]; then
        # Over the one before, which programs that run still need: no moment without software.
        unite || fail "cannot mount generation $number"
        say "joined generation $number, before it $before"
    fi
    etc
    tell end "joined $server:$path"
}

leave() {
    settings
    tell end "left $server:$path"
    touch $BASE/stopped
    drop_union
    umount -l $NFS
}

number=''
case ${1:-} in
    run | watch | reload | leave | etc) "$1" ;;
    *)
        say "the words are: run, reload, leave, etc" >&2
        exit 1
        ;;
esac
