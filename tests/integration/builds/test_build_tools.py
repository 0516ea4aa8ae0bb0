"""What is there for a build alone: it does its work, and leaves nothing in the module but what it made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.pipeline.build_modules import read_built
from tests.support.small_platform import KERNEL

if TYPE_CHECKING:
    from modpkg.model.module import Module
    from tests.support.small_store import Shop

pytestmark = [pytest.mark.programs, pytest.mark.network]
MAKE = """\
[ "$(stamper)" = stamped ]
[ -e /etc/dkms/no-autoinstall ]
[ -e /usr/bin/hello ]
mkdir -p "$DESTDIR/lib/extra/empty" "$DESTDIR/usr/bin" /var/lib/left
stamper >"$DESTDIR/lib/extra/made"
cp /usr/bin/stamper "$DESTDIR/usr/bin/stamper-too"
chmod 4750 "$DESTDIR/usr/bin/stamper-too"
ln -s ../lib/extra "$DESTDIR/usr/made"
echo "$SOURCE_DATE_EPOCH" >/var/lib/left/epoch
rm /usr/bin/hello
useradd --system builder
"""
RECIPE = """\
depends: [tools]
packages: [marker]
build: {packages: [stamper], scripts: [make.sh]}
scripts: [after.sh]
"""
TO_ETC = """\
mkdir -p "$DESTDIR/etc" "$DESTDIR/usr/lib/extra"
echo x | tee "$DESTDIR/usr/lib/extra/made" >"$DESTDIR/etc/issue"
"""
# A script of the module itself sees what was made, and nothing that made it.
AFTER = "test -e /usr/lib/extra/made\nif command -v stamper; then exit 1; fi\ncp /usr/lib/extra/made /etc/seen-after\n"


def add(shop: Shop, script: str = MAKE, recipe: str = RECIPE) -> None:
    marker = shop.add_package("marker", {"usr/share/marker": "x\n"})
    stamper = shop.add_package(
        "stamper",
        {"usr/bin/stamper": "#!/bin/sh\necho stamped\n", "etc/stamper.conf": "x\n"},
        postinst="chmod 755 /usr/bin/stamper\necho stamper /var/lib/stamped >/var/lib/stamped",
    )
    shop.add_module("extra", recipe, marker, tools=(stamper,), files={"make.sh": script, "after.sh": AFTER})


def built(shop: Shop) -> Module:
    completed = shop.modpkg("build-module", "extra", "--offline")
    assert completed.returncode == 0, completed.stderr
    return read_built(shop.workshop(), "extra")


def test_of_a_build_only_what_it_made_is_in_the_module(shop: Shop) -> None:
    add(shop)
    module = built(shop)
    own = {path for path in module.paths if not path.startswith(("var/lib/dpkg", "usr/share"))}
    files = {path for path in own if not module.paths[path].startswith("dir ")}
    assert files == {"etc/seen-after", "usr/bin/stamper-too", "usr/lib/extra/made", "usr/made"}
    assert "usr/lib/extra/empty" in own
    assert module.paths["usr/bin/stamper-too"].startswith("file 4750 0 0 ")
    # Its packages are in no list either: not in the record, not in dpkg's.
    assert [package.name for package in module.packages] == ["marker"]
    assert [stanza.split()[1] for stanza in module.state.stanzas] == ["marker"]
    assert not [path for path in module.paths if "dpkg/info/stamper" in path]
    assert not any("builder" in line for lines in module.state.lines.values() for line in lines)


def test_a_build_by_tools_has_equal_bits_each_time_and_leaves_nothing_behind(shop: Shop) -> None:
    add(shop)
    first = built(shop).fragment.sha256
    shop.forget("extra")
    assert built(shop).fragment.sha256 == first
    assert not list((shop.store.root / "scratch").iterdir())


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        (
            "stamper\nls /nowhere\n",
            1,
            "make.sh: cannot run this script of module 'extra': it ended with status 2",
        ),
        (
            "stamper >/usr/lib/stamped\n",
            1,
            "recipe.yaml: the build of module 'extra' made nothing\n  hint: its scripts have to put",
        ),
        (
            'mkdir -p "$DESTDIR/usr"\necho x >"$DESTDIR/usr/share"\n',
            2,
            "cannot put a file at /usr/share: a directory is there",
        ),
        (
            TO_ETC,
            2,
            "a package or script of it changes /etc/issue of module 'core'",
        ),
    ],
    ids=["script fails", "nothing made", "file over a directory", "a lower module's file"],
)
def test_a_build_that_goes_wrong_is_told(shop: Shop, script: str, status: int, words: str) -> None:
    add(shop, script)
    refused = shop.modpkg("build-module", "extra", "--offline")
    assert refused.returncode == status
    assert words in shop.error(refused)


def test_drivers_for_a_kernel_of_another_module_make_no_kernel(shop: Shop) -> None:
    place = f"/usr/lib/modules/{KERNEL}/updates/extra"
    script = f'mkdir -p "$DESTDIR{place}"\necho driver >"$DESTDIR{place}/extra.ko"\n'
    recipe = "depends: [kernel]\npackages: [marker]\nbuild: {packages: [stamper], scripts: [make.sh]}\n"
    add(shop, script, recipe)
    module = built(shop)
    assert module.kernel is None
    assert f"{place[1:]}/extra.ko" in module.paths
    # Tables are made when the image is: they are of all drivers together.
    assert not [path for path in module.paths if path.endswith(("modules.dep", "modules.alias"))]
