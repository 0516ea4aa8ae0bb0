from __future__ import annotations

import pytest
from pydantic import ValidationError

from modpkg.model.lock import LockedPackage

PACKAGE = LockedPackage(
    name="login",
    version="1:4.13+dfsg1-1",
    architecture="amd64",
    source="shadow",
    source_version="1:4.13+dfsg1-1",
    mirror="debian",
    path="pool/main/s/shadow/login_4.13+dfsg1-1_amd64.deb",
    size=1,
    sha256="0" * 64,
)


def test_an_epoch_is_escaped_in_the_name_of_a_file() -> None:
    assert PACKAGE.file_name == "login_1%3a4.13+dfsg1-1_amd64.deb"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "../../etc/passwd"),
        ("name", "-o"),
        ("version", "1/../../x"),
        ("architecture", "../amd64"),
        ("path", "../../etc/passwd"),
        ("path", "/etc/passwd"),
        ("path", "pool//x"),
        ("size", -1),
        ("sha256", "../" * 21 + "x"),
    ],
)
def test_what_becomes_a_path_leads_nowhere_else(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        LockedPackage.model_validate({**PACKAGE.model_dump(), field: value})
