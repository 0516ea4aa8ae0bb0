#!/bin/sh -e
# The drivers of ZFS, for the one kernel of this tree, out of the sources that zfs-dkms has. Not by dkms itself: it
# would sign them with a key of the moment. Runs while the module is built; what is below $DESTDIR is the module's.
release=$(ls /usr/lib/modules)
headers=/usr/lib/modules/$release/build
kernel=$(dpkg-query --show --showformat '${Version}' "linux-image-$release")
found=$(dpkg-query --show --showformat '${Version}' "linux-headers-$release" || true)
if [ "$kernel" != "$found" ]; then
    echo "the kernel is $kernel, its headers are ${found:-missing}: invoke lock-platform takes both from one archive" >&2
    exit 1
fi
cd /usr/src/zfs-*
./configure --quiet --disable-dependency-tracking --with-config=kernel \
    --with-linux="/usr/lib/modules/$release/source" --with-linux-obj="$headers"
make --silent -j "$(nproc)" -C module
target=$DESTDIR/usr/lib/modules/$release/updates/zfs
mkdir -p "$target"
find module -name '*.ko' -exec cp -t "$target" {} +
strip --strip-debug "$target"/*.ko
chmod 644 "$target"/*.ko
