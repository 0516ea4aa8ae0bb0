from pathlib import Path

import pytest

from modpkg.cli.render import to_data
from modpkg.cli.results.changes import (
    HtmlDiff,
    MarkdownDiff,
    diff_result,
    outdated_result,
    parse_format,
    update_result,
)
from modpkg.errors import BadInputError
from modpkg.pipeline.outdated import OutdatedImage, OutdatedModule
from modpkg.pipeline.update_image import UpdatedImage
from tests.support.diffs import make_diff
from tests.support.images import make_image_lock
from tests.support.stack import make_module

NEWER = OutdatedModule(
    image="compute",
    module="slurm",
    pin="~22",
    locked="22.5.8-2",
    wanted="22.5.9-3",
    newest="23.0.0-4",
    pin_for_newest="~23",
)


def image(update: str = "", fault: str = "", *modules: OutdatedModule) -> OutdatedImage:
    return OutdatedImage(
        name="compute", channel="testing", lock="current", update=update, fault=fault, modules=modules
    )


@pytest.mark.parametrize("text", ["text", "markdown", "html"])
def test_forms_are_read(text: str) -> None:
    assert parse_format(text) == text


def test_another_form_is_refused() -> None:
    with pytest.raises(BadInputError, match="cannot show changes as 'pdf'"):
        parse_format("pdf")


def test_files_are_counted_by_module_and_listed_on_demand() -> None:
    result = diff_result(make_diff(), files=False)
    counts = [(one.module, one.added, one.removed, one.changed) for one in result.file_summary]
    assert counts == [("core", 0, 0, 1), ("ib", 0, 1, 0), ("nfs", 1, 0, 0)]
    assert result.files == ()
    assert len(diff_result(make_diff(), files=True).files) == 3


def test_all_forms_are_the_same_data() -> None:
    plain = to_data(diff_result(make_diff(), files=True))
    for form, kind in (("html", HtmlDiff), ("markdown", MarkdownDiff)):
        result = diff_result(make_diff(), files=True, form=parse_format(form))
        assert isinstance(result, kind)
        assert to_data(result) == plain
    assert plain["modules"][0]["entries"][0]["version"] == "12.1.0-43"


def test_each_form_is_shown_in_its_own_way() -> None:
    shown = {
        form: diff_result(make_diff(), files=False, form=parse_format(form)).as_text()
        for form in ("text", "markdown", "html")
    }
    assert shown["text"].startswith("compute 12.0.3-67")
    assert shown["markdown"].startswith("## compute")
    assert shown["html"].startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (image(), 0),
        (image("", "", NEWER), 0),
        (image("invoke update compute", "", NEWER), 1),
        (image("", "cannot find channel 'testing'"), 1),
    ],
)
def test_the_exit_code_tells_on_demand(found: OutdatedImage, code: int) -> None:
    assert getattr(outdated_result((found,), ask=True), "exit_code", 0) == code
    result = outdated_result((found,), ask=False)
    assert getattr(result, "exit_code", 0) == 0
    assert result.is_outdated == bool(code)
    assert "exit_code" not in to_data(result)


def updated(*, is_written: bool, diff: bool, untold: str = "") -> UpdatedImage:
    return UpdatedImage(
        lock=make_image_lock([make_module("core")]),
        path=Path("compute.lock"),
        is_written=is_written,
        held_back=("nfs 2 is there",),
        moved=("core 1 is there",),
        diff=make_diff() if diff else None,
        untold=untold,
    )


def test_an_update_says_what_it_did_and_what_changes() -> None:
    text = update_result(updated(is_written=True, diff=True)).as_text()
    assert text.splitlines()[0].endswith("compute.lock written")
    assert "moved with it: core 1 is there" in text
    assert "held back: nfs 2 is there" in text
    assert "compute 12.0.3-67.cbdppkwfzz -> compute 12.1.0-70.gqhrvkxjwd" in text


def test_an_update_without_a_diff_says_why() -> None:
    text = update_result(updated(is_written=False, diff=False, untold="there was no lock")).as_text()
    assert text.splitlines()[0].endswith("compute.lock not written")
    assert text.splitlines()[-1] == "  there was no lock"
