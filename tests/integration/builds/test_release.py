"""Only what is released and compressed as the platform says is published."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.deb.read import read_module
from modpkg.errors import BadInputError
from modpkg.formats.documents import load_repository
from modpkg.pipeline.publish import plan
from modpkg.pipeline.target import Target
from tests.support.small_store import Shop

pytestmark = [pytest.mark.programs, pytest.mark.network]
GOLDEN = Path(__file__).parents[2] / "golden" / "builds"
Golden = Callable[[Path, str], None]


def test_a_change_has_to_be_released_before_it_is_published(shop: Shop, golden: Golden) -> None:
    shop.edit("modules/probe/program", "exec hello", "exec hello --traditional")
    built = shop.modpkg("build-module", "probe", "--offline", "--output", "json")
    golden(GOLDEN / "unreleased.txt", built.stderr[built.stderr.index("warning: ") :])
    assert json.loads(built.stdout)["modules"][-1]["marks"] == ["unreleased"]
    refused = shop.modpkg("publish", "--channel", "testing", "--module", "probe")
    assert refused.returncode == 2
    golden(GOLDEN / "publish-unreleased.txt", shop.error(refused))
    released = shop.modpkg("release-module", "probe", "--message", "Be traditional.", "--output", "json")
    assert [(one["old"], one["new"]) for one in json.loads(released.stdout)["released"]] == [
        ("0.1.0-1", "0.1.0-2")
    ]
    assert shop.modpkg("build-module", "probe", "--offline").returncode == 0
    published = shop.modpkg("publish", "--channel", "testing", "--module", "probe", "--output", "json")
    assert published.returncode == 0, published.stderr
    added = json.loads(published.stdout)["added"]
    assert [one.split("-")[2] for one in added] == ["core", "munge", "probe", "tools"], "what it stands on"
    assert "modpkg-module-probe-small 0.1.0-2 amd64" in added


def test_what_is_not_built_is_not_published(shop: Shop, golden: Golden) -> None:
    shop.edit("modules/probe/program", "exec hello", "exec hello --traditional")
    refused = shop.modpkg("publish", "--channel", "testing")
    assert refused.returncode == 2
    golden(GOLDEN / "publish-not-built.txt", shop.error(refused))


def test_what_is_built_fast_only_is_shown_and_not_published(shop: Shop) -> None:
    shop.edit("modules/probe/program", "exec hello", "exec hello --traditional")
    assert shop.modpkg("show-module", "probe").returncode == 2
    assert shop.modpkg("build-module", "probe", "--fast", "--offline").returncode == 0
    shown = json.loads(shop.modpkg("show-module", "probe", "--output", "json").stdout)
    assert "fast" in shown["marks"]
    assert shown["paths"] is None
    refused = shop.modpkg("publish", "--channel", "testing", "--module", "probe")
    assert "cannot publish probe: built with --fast only" in refused.stderr
    assert "hint: invoke build-module probe" in refused.stderr


def test_nothing_new_cannot_be_released(shop: Shop, golden: Golden) -> None:
    refused = shop.modpkg("release-module", "probe", "--message", "Again.")
    assert refused.returncode == 2
    golden(GOLDEN / "release-nothing-new.txt", shop.error(refused))


def test_a_fast_build_is_marked_and_refused(shop: Shop, golden: Golden) -> None:
    completed = shop.modpkg("build-module", "core", "--fast", "--offline", "--output", "json")
    (core,) = json.loads(completed.stdout)["modules"]
    assert core["marks"] == ["fast"]
    deb, rpm = Path(core["deb"]), Path(core["rpm"])
    assert read_module(deb).marks == ("fast",)
    document = load_repository(shop.project / "repo" / "repository.yaml")
    target = Target(repository=shop.work / "repository", document=document, channel="testing")
    with pytest.raises(BadInputError) as raised:
        plan([deb, rpm], target=target, now=1_700_000_000)
    golden(GOLDEN / "publish-fast.txt", shop.words(f"{raised.value}\n"))
    # The store has core as it is released, too: that is what the command takes.
    published = shop.modpkg("publish", "--channel", "testing", "--module", "core")
    assert published.returncode == 0
    assert read_module(deb).marks == ()
