"""diff-images, outdated and update on two real, published versions of an image."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from tests.support.two_versions import FIX, command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.small_store import Shop
    from tests.support.two_versions import Versions

pytestmark = [pytest.mark.programs, pytest.mark.network]


def test_an_update_tells_what_it_changes_at_four_levels(versions: Versions) -> None:
    assert versions.update["is_written"]
    diff = versions.update["diff"]
    (module,) = diff["modules"]
    assert (module["name"], module["step"], module["old"], module["new"]) == (
        "lighthouse",
        "up",
        "1.0.0-1",
        "1.0.0-2",
    )
    assert [entry["version"] for entry in module["entries"]] == ["1.0.0-2"]
    (package,) = diff["packages"]
    assert (package["name"], package["old"], package["new"]) == ("beacon", "1.0-1", "1.0-2")
    (fix,) = diff["fixes"]
    assert (fix["cves"], fix["urgency"], fix["packages"]) == ([FIX], "high", ["beacon"])
    (service,) = diff["services"]
    assert (service["unit"], service["action"], service["is_enabled"]) == ("beacon.service", "restart", True)
    assert service["reasons"] == ["its program changed: /usr/bin/beacon"]
    assert diff["reboot"]["is_needed"] is False
    (files,) = diff["file_summary"]
    assert (files["module"], files["added"], files["removed"]) == ("lighthouse", 0, 0)


def test_images_names_versions_and_locks_give_the_same_diff(versions: Versions) -> None:
    lock = versions.shop.recipes / "images/lights.lock"
    old, new = versions.old.name.split("_")[1], versions.new.name.split("_")[1]
    sides = [
        (str(versions.old), str(versions.new)),
        (old, "lights"),
        (old.rpartition(".")[2], new),
        (str(versions.old_lock), str(lock)),
    ]
    found = [versions.data("diff-images", *side, "--files") for side in sides]
    for one in found:
        for side in ("old", "new"):
            del one[side]["root_size"]
    assert found[0] == found[1] == found[2] == found[3]
    paths = {one["path"]: one for one in found[0]["files"]}
    assert paths["/usr/bin/beacon"]["what"] == ["content"]


def test_the_way_back_loses_the_fix(versions: Versions) -> None:
    found = versions.data("diff-images", str(versions.new), str(versions.old))
    assert [one["step"] for one in found["modules"]] == ["down"]
    assert [(one["cves"], one["is_lost"]) for one in found["fixes"]] == [([FIX], True)]


def test_an_image_does_not_differ_from_itself(versions: Versions) -> None:
    done = versions.modpkg("diff-images", "lights", "lights")
    assert done.returncode == 0
    assert "nothing changes" in done.stdout


class Page(HTMLParser):
    """Collects tags that would need something else, and text."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "link", "img", "iframe"} or {"src", "href"} & dict(attrs).keys():
            self.foreign.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_page_needs_nothing_else(versions: Versions) -> None:
    done = versions.modpkg("diff-images", str(versions.old), str(versions.new), "--format", "html")
    page = Page()
    page.feed(done.stdout)
    assert page.foreign == []
    assert FIX in page.text
    assert "beacon.service" in page.text
    assert not re.search(r"https?://", done.stdout)


def test_json_has_precedence_over_the_format(versions: Versions) -> None:
    plain = versions.data("diff-images", str(versions.old), str(versions.new))
    assert versions.data("diff-images", str(versions.old), str(versions.new), "--format", "html") == plain


def test_outdated_tells_what_a_pin_keeps_out(versions: Versions) -> None:
    found = versions.data("outdated", "--image", "lights")
    assert [(one["name"], one["lock"], one["update"]) for one in found["images"]] == [
        ("lights", "current", "")
    ]
    (munge,) = found["modules"]
    assert (munge["module"], munge["locked"], munge["newest"]) == ("munge", "0.5.15-1", "0.5.15-2")
    assert munge["pin_for_newest"] == "0.5.15-2"
    assert not found["is_outdated"]
    assert versions.modpkg("outdated", "--image", "lights", "--exit-code").returncode == 0
    # The image `small` has no lock.
    assert versions.modpkg("outdated", "--exit-code").returncode == 1
    assert versions.modpkg("outdated").returncode == 0


@pytest.fixture
def project(versions: Versions, tmp_path: Path) -> Path:
    """Give a copy of the recipes, to be changed; repository and store are those of both versions."""
    shutil.copytree(versions.shop.recipes, tmp_path / "recipes")
    shutil.copytree(versions.shop.project / "repo", tmp_path / "repo")
    return tmp_path


def test_a_stale_lock_is_refused_and_renewed_for_one_module(
    versions: Versions, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = project / "recipes/images/lights.yaml"
    manifest.write_text(manifest.read_text().replace('"0.5.15-1"', '"~0.5.15"'))
    shop: Shop = versions.shop

    def call(*words: str) -> tuple[int, str]:
        done = command(shop, *words, "--work", str(shop.work), "--output", "json", project=project)
        return done.returncode, done.stdout or done.stderr

    monkeypatch.chdir(project)
    code, text = call("build-image", "lights")
    assert code == 2
    assert "its manifest changed since it was locked" in text
    assert json.loads(call("outdated", "--image", "lights")[1])["images"][0]["lock"] == "stale"
    planned = json.loads(call("update", "lights", "--module", "munge", "--dry-run")[1])
    assert [one["name"] for one in planned["diff"]["modules"]] == ["munge"]
    assert not planned["is_written"]
    assert json.loads(call("update", "lights", "--module", "munge")[1])["is_written"]
    assert json.loads(call("outdated", "--image", "lights")[1])["images"][0]["lock"] == "current"


def test_the_lock_of_another_image_is_refused(versions: Versions, project: Path) -> None:
    lock = project / "recipes/images/lights.lock"
    lock.write_text(lock.read_text().replace('"name": "lights"', '"name": "harbour"'))
    done = command(versions.shop, "build-image", "lights", "--work", str(versions.shop.work), project=project)
    assert done.returncode == 2
    assert "this is the lock of 'harbour'" in done.stderr
    assert "hint: run: invoke lock lights" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("diff-images", "lights", "lihgts"), "did you mean 'lights'?"),
        (("diff-images", "1.2.0", "lights"), "cannot choose between 2 images"),
        (("diff-images", "lights", "lights", "--format", "pdf"), "choose one of text, markdown, html"),
        (("update", "lights", "--module", "lighthouze"), "did you mean 'lighthouse'?"),
        (("update", "lihgts"), "no image 'lihgts'"),
        (("outdated", "--image", "lihgts"), "no image 'lihgts'"),
    ],
)
def test_bad_input_ends_with_status_2(versions: Versions, words: tuple[str, ...], message: str) -> None:
    done = versions.modpkg(*words)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_module_that_repository_and_store_have_lost_is_named(versions: Versions, tmp_path: Path) -> None:
    done = versions.modpkg(
        "diff-images",
        str(versions.old),
        str(versions.new),
        "--store",
        str(tmp_path / "store"),
        "--work",
        str(tmp_path / "work"),
    )
    assert done.returncode == 2
    assert "cannot find 5 modules of the image" in done.stderr
    assert "lighthouse 1.0.0-1, fragment" in done.stderr
