#!/bin/busybox sh
# What udhcpc calls at each event of a lease: sets address, routes and name servers.
# udhcpc gives everything in the environment: interface, ip, mask (in bits), router, dns, domain, serverid.

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
        : >/etc/resolv.conf
        if [ -n "${domain-}" ]; then
            echo "search $domain" >>/etc/resolv.conf
        fi
        for server in ${dns-}; do
            echo "nameserver $server" >>/etc/resolv.conf
        done
        ;;
esac
