#!/bin/busybox sh
# For tests of an image: fetches a script and a unit that runs it once the node is up. They lie in /run,
# so that nothing of them is in the image. What runs is verified like the image.

# shellcheck source=../library.sh
. /lib/modpkg/library.sh

url=$(argument modpkg.check)
wanted=$(argument modpkg.check-sha256)
script=/run/modpkg/check.sh
units=/run/systemd/system

timeout 20 wget -q -O "$script" "$url" 2>/tmp/wget.log || fail "cannot fetch $url: $(tail -n 1 /tmp/wget.log)"
found=$(sha256sum "$script")
found=${found%% *}
if [ "$found" != "$wanted" ]; then
    rm -f "$script"
    fail "the check's sha256 is $found, wanted ${wanted:-modpkg.check-sha256=, which is not given}"
fi

mkdir -p "$units/multi-user.target.wants"
# Type=exec, not oneshot: its job ends as it starts, so that the script can wait until no job is left.
cat >"$units/modpkg-check.service" <<END
[Unit]
Description=Check of the image by modpkg
After=multi-user.target

[Service]
Type=exec
ExecStart=/bin/sh $script
END
ln -s ../modpkg-check.service "$units/multi-user.target.wants/modpkg-check.service"
