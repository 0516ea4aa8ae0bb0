#!/bin/busybox sh
# What udhcpc calls at each event of a lease: sets address, routes and name servers.
# udhcpc gives everything in the environment: interface, ip, mask (in bits), router, dns, domain, serverid,
# siaddr (the server that the node boots from), boot_file or bootfile (what it boots).

: "${interface:?}"

case $1 in
    deconfig)
        ip address flush dev "$interface"
        ip link set "$interface" up
        ;;
    bound | renew)
        ip address flush dev "$interface"
        ip address add "${ip:?}/${mask:-24}" dev "$interface"
        # The first router is the nearest; a second default route of the same metric would be refused.
        for gateway in ${router-}; do
            ip route replace default via "$gateway" dev "$interface"
            break
        done
        # Of several leases, one of a VLAN for instance, not all name servers and files.
        if [ -n "${dns-}" ]; then
            : >/etc/resolv.conf
            if [ -n "${domain-}" ]; then
                echo "search $domain" >>/etc/resolv.conf
            fi
            for server in $dns; do
                echo "nameserver $server" >>/etc/resolv.conf
            done
        fi
        # Where files with a name alone are: beside what was booted, on the same server.
        file=${boot_file:-${bootfile-}}
        case $file in
            *://*/*) place=${file%/*} ;;
            */*) place=http://${siaddr-}/${file%/*} ;;
            ?*) place=http://${siaddr-} ;;
            *) place= ;;
        esac
        if [ -n "$place" ]; then
            echo "$place" >/tmp/base
            : >/tmp/base-by-file
        elif [ -n "${siaddr-}" ] && [ ! -e /tmp/base-by-file ]; then
            echo "http://$siaddr" >/tmp/base
        fi
        ;;
esac
