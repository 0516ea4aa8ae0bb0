#!/bin/busybox sh
# What the head tells this node: name, hosts, mounts, networks, keys, services, time, resolver. The plan comes
# from the head, and runs only if it is the one that the kernel's arguments name.

# shellcheck source=../settings.sh
. /lib/modpkg/settings.sh

plan=/run/modpkg/settings.sh
wanted=$(digest modpkg.settings-sha256) || exit 1
(umask 077 && : >"$plan")
get_file "$(argument modpkg.settings)" "$plan"
verify "$plan" "$wanted" "the plan of settings"
# shellcheck source=/dev/null
. "$plan"
detail "$put_count files$warned"
