"""A small package of plain files."""

from __future__ import annotations

from typing import Any

from modpkg.formats.plain import PlainPackage
from tests.support.modules import EPOCH


def plain_package(**changes: Any) -> PlainPackage:
    fields: dict[str, Any] = {
        "name": "acme",
        "version": "1.0.0-1",
        "summary": "files of a test",
        "description": "It holds a file that an administrator may change, and one that is not to be changed.",
        "license": "CC0-1.0",
        "homepage": "https://acme.example",
        "maintainer": "Ada <ada@example.invalid>",
        "moment": EPOCH,
        "change": "Release 1.0.0-1.",
        "files": {"etc/acme/acme.conf": b"a = 1\n", "usr/share/keyrings/acme.gpg": bytes(range(256))},
        "requires": ("base",),
        "config": frozenset({"etc/acme/acme.conf"}),
    }
    return PlainPackage(**{**fields, **changes})
