"""What package scripts and recipes may do at a build, and what is refused; packages of the tests' own."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.host.run import Completed
from modpkg.pipeline.build_modules import read_built
from tests.support.small_store import Shop

pytestmark = [pytest.mark.programs, pytest.mark.network]
GOLDEN = Path(__file__).parents[2] / "golden" / "builds"
Golden = Callable[[Path, str], None]
SERVICE = """\
#!/bin/sh
### BEGIN INIT INFO
# Provides: marker
# Required-Start:
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop:
### END INIT INFO
touch "/var/lib/marker-$1"
"""


def build(shop: Shop, name: str, *words: str) -> Completed:
    return shop.modpkg("build-module", name, "--offline", *words)


def test_package_scripts_run_and_start_no_service(shop: Shop) -> None:
    postinst = "/etc/init.d/marker asked\ninvoke-rc.d marker start || true\nservice_exists=1\n"
    package = shop.add_package("marker", {"etc/init.d/marker": SERVICE}, postinst=postinst)
    shop.add_module("extra", "packages: [marker]\n", package)
    assert build(shop, "extra").returncode == 0
    paths = read_built(shop.workshop(), "extra").paths
    assert {path for path in paths if "var/lib/marker" in path} == {"var/lib/marker-asked"}
    assert "usr/sbin/policy-rc.d" not in paths


def test_scripts_see_no_terminal_no_questions_and_one_moment(shop: Shop) -> None:
    postinst = (
        "{ echo $DEBIAN_FRONTEND $SOURCE_DATE_EPOCH $TZ $LC_ALL; umask; hostname; cat; } >/var/lib/seen"
    )
    package = shop.add_package("seeing", {}, postinst=postinst)
    shop.add_module("extra", "packages: [seeing]\n", package)
    assert build(shop, "extra").returncode == 0
    module = read_built(shop.workshop(), "extra")
    tree = shop.store.tree("root", module.fragment.sha256)
    moment = module.source_date_epoch
    seen = (tree / "var/lib/seen").read_text().splitlines()
    assert seen == [f"noninteractive {moment} UTC C.UTF-8", "0022", "modpkg"]


def test_a_package_script_that_fails_is_shown(shop: Shop, golden: Golden) -> None:
    package = shop.add_package("failing", {}, postinst="echo 'the disk of node 7 is on fire' >&2\nexit 3")
    shop.add_module("extra", "packages: [failing]\n", package)
    refused = build(shop, "extra")
    assert refused.returncode == 1
    golden(GOLDEN / "package-script-fails.txt", shop.error(refused))


def test_a_package_script_of_core_that_fails_is_shown(shop: Shop, golden: Golden) -> None:
    package = shop.add_package("failing", {}, postinst="echo 'the disk of node 7 is on fire' >&2\nexit 3")
    shop.edit("modules/core/recipe.yaml", "packages: [", "packages: [failing, ")
    shop.lock_anew({"core": (*shop.workshop_lock().modules["core"], package)})
    refused = build(shop, "core")
    assert refused.returncode == 1
    golden(GOLDEN / "package-script-of-core-fails.txt", shop.error(refused))


def test_a_script_of_a_recipe_that_fails_is_shown(shop: Shop, golden: Golden) -> None:
    files = {"setup.sh": "echo one\nls /nowhere\necho two\n"}
    shop.add_module("extra", "scripts: [setup.sh]\n", files=files)
    refused = build(shop, "extra")
    assert refused.returncode == 1
    golden(GOLDEN / "recipe-script-fails.txt", shop.error(refused))


def test_what_a_script_leaves_running_ends_with_it(shop: Shop) -> None:
    postinst = "sleep 1001 &\ntouch /var/lib/package\n"
    package = shop.add_package("leaving", {}, postinst=postinst)
    recipe = "packages: [leaving]\nscripts: [setup.sh]\n"
    shop.add_module("extra", recipe, package, files={"setup.sh": "sleep 1000 &\ntouch /var/lib/script\n"})
    start = time.monotonic()
    assert build(shop, "extra").returncode == 0
    assert time.monotonic() - start < 500
    assert {"var/lib/package", "var/lib/script"} <= read_built(shop.workshop(), "extra").paths.keys()


def test_a_pipe_in_the_place_of_a_lock_is_refused_at_once(shop: Shop) -> None:
    lock = shop.project / "recipes/platforms/small.lock"
    lock.unlink()
    os.mkfifo(lock)
    refused = build(shop, "munge")
    assert refused.returncode == 2
    assert "cannot read the file: it is no regular file" in refused.stderr


def test_a_unit_that_does_not_exist_cannot_be_enabled(shop: Shop, golden: Golden) -> None:
    shop.add_module("extra", "services: {enable: [nothing.service]}\n")
    refused = build(shop, "extra")
    assert refused.returncode == 1
    golden(GOLDEN / "unit-missing.txt", shop.error(refused))


def test_an_account_without_a_fixed_id_is_refused_with_the_line_to_add(shop: Shop, golden: Golden) -> None:
    shop.edit("platforms/small.yaml", "    munge: 405\n", "")
    refused = build(shop, "munge")
    assert refused.returncode == 2
    golden(GOLDEN / "account-without-id.txt", shop.error(refused))


def test_an_account_that_is_a_user_and_a_group_needs_both_lines(shop: Shop, golden: Golden) -> None:
    shop.edit("platforms/small.yaml", "  users:\n", "  users:\n    other: 300\n")
    shop.edit("platforms/small.yaml", "    munge: 405\n    systemd-journal", "    systemd-journal")
    refused = build(shop, "munge")
    assert refused.returncode == 2
    golden(GOLDEN / "account-without-group-id.txt", shop.error(refused))


def test_an_account_that_the_recipe_does_not_name_is_refused(shop: Shop, golden: Golden) -> None:
    shop.edit("modules/munge/recipe.yaml", "accounts: [munge]\n", "")
    refused = build(shop, "munge")
    assert refused.returncode == 2
    golden(GOLDEN / "account-not-named.txt", shop.error(refused))


@pytest.mark.parametrize(
    ("fault", "script"),
    [
        ("lower-file-changed", "echo mine >/etc/issue"),
        ("lower-file-removed", "rm /etc/issue"),
        ("lower-directory-removed", "rm -r /usr/share/base-files"),
        ("lower-mode-changed", "chmod 0700 /usr/bin/hello"),
        ("lower-directory-mode-changed", "chmod 0700 /opt"),
    ],
)
def test_a_change_of_a_lower_module_is_refused_by_name(
    shop: Shop, golden: Golden, fault: str, script: str
) -> None:
    shop.add_module("extra", "depends: [tools]\nscripts: [change.sh]\n", files={"change.sh": script + "\n"})
    refused = build(shop, "extra")
    assert refused.returncode == 2
    golden(GOLDEN / f"{fault}.txt", shop.error(refused))


def test_a_declared_change_of_a_lower_module_is_taken(shop: Shop) -> None:
    recipe = "depends: [tools]\nreplaces: [/etc/issue, /usr/bin/hello]\nscripts: [change.sh]\n"
    shop.add_module(
        "extra", recipe, files={"change.sh": "echo mine >/etc/issue\nchmod 0700 /usr/bin/hello\n"}
    )
    assert build(shop, "extra").returncode == 0
    module = read_built(shop.workshop(), "extra")
    assert {"etc/issue", "usr/bin/hello"} <= module.paths.keys()
    assert module.paths["usr/bin/hello"].startswith("file 0700 ")


def test_a_package_that_takes_a_file_of_a_lower_one_is_refused(shop: Shop, golden: Golden) -> None:
    package = shop.add_package("rival", {"usr/bin/hello": "#!/bin/sh\n"})
    shop.add_module("extra", "depends: [tools]\npackages: [rival]\n", package)
    refused = build(shop, "extra")
    assert refused.returncode == 1
    golden(GOLDEN / "package-overwrites.txt", shop.error(refused))


def test_contents_of_an_unknown_owner_are_refused(shop: Shop, golden: Golden) -> None:
    recipe = "contents:\n  - {src: a, dst: /etc/a, file-info: {owner: nobody-knows}}\n"
    shop.add_module("extra", recipe, files={"a": "a\n"})
    refused = build(shop, "extra")
    assert refused.returncode == 2
    golden(GOLDEN / "owner-unknown.txt", shop.error(refused))


def test_a_package_that_is_not_what_the_lock_says_is_refused(shop: Shop, golden: Golden) -> None:
    package = shop.add_package("marker", {})
    shop.add_module("extra", "packages: [marker]\n", package.model_copy(update={"version": "2.0-1"}))
    refused = build(shop, "extra")
    assert refused.returncode == 2
    golden(GOLDEN / "package-of-another-version.txt", shop.error(refused))


def test_a_build_that_failed_leaves_no_module_and_no_package(shop: Shop) -> None:
    shop.add_module("extra", "scripts: [setup.sh]\n", files={"setup.sh": "exit 1\n"})
    before = set(shop.store.root.rglob("*"))
    assert build(shop, "extra").returncode == 1
    added = {str(path.relative_to(shop.store.root)) for path in set(shop.store.root.rglob("*")) - before}
    assert {path for path in added if not path.startswith("locks")} <= {"scratch"}
    assert not list(shop.work.rglob("*extra*"))
    steps = json.loads(build(shop, "extra", "--dry-run", "--output", "json").stdout)["modules"]
    assert [step["name"] for step in steps if step["to_build"]] == ["extra"]
