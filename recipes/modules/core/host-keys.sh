#!/bin/sh
# Makes the ssh host keys that files below sshd_config.d name and that are not there. A site that wants one of RSA too
# writes there "HostKey /etc/ssh/ssh_host_rsa_key": nothing else is needed.
umask 077
status=0
# shellcheck disable=SC2013  # one word a line
for key in $(sed -n 's/^[[:space:]]*HostKey[[:space:]]\{1,\}//p' "${1:-/etc/ssh/sshd_config.d}"/*.conf); do
    type=${key##*ssh_host_}
    if [ ! -s "$key" ]; then
        # By renames, the secret half last: a key that is there is whole, also on a disk that lost power.
        mkdir -p "${key%/*}"
        rm -f "$key.new"
        ssh-keygen -q -t "${type%_key}" -N '' -f "$key.new" &&
            mv "$key.new.pub" "$key.pub" && mv "$key.new" "$key" || status=1
    fi
done
exit "$status"
