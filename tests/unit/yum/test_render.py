"""createrepo_c is the judge: what is rendered here has to be what it writes, to the byte."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from modpkg.formats.plain import PlainPackage
from modpkg.rpm.control import header_values
from modpkg.rpm.header import Value, encode, integers, string, strings, translated
from modpkg.rpm.plain import write_plain_rpm
from modpkg.rpm.tags import Sense, Tag
from modpkg.rpm.write import lead, signature_of
from modpkg.yum.chunks import chunks_of, digest_and_chunks
from modpkg.yum.render import render
from tests.support.modules import EPOCH, module
from tests.support.packages import write_pair

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HREF = "../../pool/ab/cd/x+y~z&.rpm"
MINE = "Ada <ada@cluster.example>"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def both(rpm: Path) -> tuple[Mapping[str, bytes] | None, Mapping[str, bytes]]:
    sha256 = digest(rpm)
    return render(rpm, sha256=sha256, href=HREF), chunks_of(rpm, sha256=sha256, href=HREF)


def headed(directory: Path, changes: Mapping[int, Value | None]) -> Path:
    """Write an rpm of headers alone, some tags of which are changed or left out."""
    values = {**header_values(module(), (), "0" * 64), **changes}
    main = encode({tag: value for tag, value in values.items() if value and value.count}, region=Tag.REGION)
    path = directory / "x.rpm"
    path.write_bytes(lead("x", 1) + signature_of(main, 0, 7) + main)
    return path


def changes_of(*dates: int) -> dict[int, Value | None]:
    return {
        Tag.CHANGELOG_TIME: integers(dates),
        Tag.CHANGELOG_NAME: strings(f"{MINE} - 1.0.0-{number}" for number in range(len(dates), 0, -1)),
        Tag.CHANGELOG_TEXT: strings(f'- Say {number}: "a" < b.' for number in range(len(dates), 0, -1)),
    }


def required(*names: str, versions: str = "", flags: int = 0) -> dict[int, Value | None]:
    return {
        Tag.REQUIRE_NAME: strings(names),
        Tag.REQUIRE_VERSION: strings([versions] * len(names)),
        Tag.REQUIRE_FLAGS: integers([flags] * len(names)),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"summary": "a <b> & \"c\" 'd' é 漢"},
        {"description": "One.\n\nTwo & <three>.\n"},
        {
            "depends": [
                {"name": name, "version": "1.0.0-1", "fragment": "2" * 64} for name in ("core", "kernel")
            ]
        },
        {"conflicts": ["one", "two"], "provides": ["three", "four"]},
        {"marks": ("fast",)},
        {"architecture": "arm64"},
    ],
)
def test_a_module_s_rpm_is_rendered_as_createrepo_c_does(tmp_path: Path, changes: dict[str, object]) -> None:
    ours, theirs = both(write_pair(tmp_path, **changes).rpm)
    assert ours == theirs


def test_a_package_for_clients_too(tmp_path: Path) -> None:
    files = {"etc/yum.repos.d/site.repo": b"x", "usr/bin/tool": b"y", "usr/share/doc/site/readme": b"z"}
    package = PlainPackage(
        name="site-release",
        version="1.0.0-1",
        summary="Sets up clients",
        description="It sets up clients.",
        license="CC0-1.0",
        homepage="https://site.example/",
        maintainer=MINE,
        moment=EPOCH,
        change="Begin.",
        files=files,
        config=("etc/yum.repos.d/site.repo",),
        requires=("site-archive-keyring",),
    )
    ours, theirs = both(write_plain_rpm(package, tmp_path).path)
    assert ours == theirs
    assert b"    <file>/etc/yum.repos.d/site.repo</file>" in theirs["primary"]


@pytest.mark.parametrize(
    "changes",
    [
        changes_of(*(EPOCH - 100 * number for number in range(14))),
        changes_of(EPOCH, EPOCH, EPOCH, EPOCH - 100),
        changes_of(EPOCH, EPOCH - 100, EPOCH - 100),
        required("one", "two", versions="2:1.0-3", flags=int(Sense.EQUAL)),
        required("one", versions="1.0-stable-3", flags=int(Sense.EQUAL | Sense.GREATER)),
        required("one", versions="1.0", flags=int(Sense.LESS)),
        required("rpmlib(X)", versions="4.0", flags=int(Sense.RPMLIB | Sense.LESS | Sense.EQUAL)),
        {Tag.PROVIDE_NAME: None, Tag.PROVIDE_VERSION: None, Tag.PROVIDE_FLAGS: None, **required()},
    ],
)
def test_headers_of_many_kinds_are_rendered_alike(tmp_path: Path, changes: dict[int, Value | None]) -> None:
    ours, theirs = both(headed(tmp_path, changes))
    assert ours == theirs


@pytest.mark.parametrize(
    "changes",
    [
        {Tag.EPOCH: integers([1])},
        {1006 + 5000: string("a tag that modpkg does not write")},
        {Tag.URL: None},
        {Tag.SUMMARY: translated("a\x01b")},
        {Tag.DESCRIPTION: translated("a\tb")},
        {Tag.SUMMARY: translated("")},
        {Tag.VERSION: string("1\n0")},
        required("one", "one"),
        required("/bin/sh"),
        required("modpkg-module"),
        required("one", versions="1.0", flags=int(Sense.EQUAL) | 64),
        required("one", versions="a:b:c", flags=int(Sense.EQUAL)),
        required("one\ttwo"),
        changes_of(EPOCH + 1, EPOCH, EPOCH),
        {**changes_of(EPOCH), Tag.CHANGELOG_NAME: strings([f"{MINE} "])},
        {**changes_of(EPOCH), Tag.CHANGELOG_TEXT: strings(["a\x07b"])},
    ],
)
def test_what_modpkg_does_not_write_is_left_to_createrepo_c(
    tmp_path: Path, changes: dict[int, Value | None]
) -> None:
    rpm = headed(tmp_path, changes)
    assert render(rpm, sha256=digest(rpm), href=HREF) is None


@pytest.mark.parametrize("changes", [{}, {Tag.EPOCH: integers([1])}])
@pytest.mark.parametrize("many", [False, True])
def test_one_and_many_rpms_get_the_same_chunks(
    tmp_path: Path, changes: dict[int, Value | None], *, many: bool
) -> None:
    rpm = headed(tmp_path, changes)
    found = digest_and_chunks(rpm, href_of=lambda sha256: f"../../{sha256}", many=many)
    assert found == (digest(rpm), chunks_of(rpm, sha256=digest(rpm), href=f"../../{digest(rpm)}"))
