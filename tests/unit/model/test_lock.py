from __future__ import annotations

from modpkg.model.lock import LockedPackage


def test_an_epoch_is_escaped_in_the_name_of_a_file() -> None:
    package = LockedPackage(
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
    assert package.file_name == "login_1%3a4.13+dfsg1-1_amd64.deb"
