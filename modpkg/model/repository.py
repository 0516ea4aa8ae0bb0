"""The repository document: channels and who signs them."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from modpkg.model.document import Document, Line, Name

BASE_URL_PATTERN: Final = r"^(https?|file)://[^\x00-\x20\x7f]+$"
KEY_PATTERN: Final = r"^[0-9A-F]{40}$"


class Repository(Document):
    """`repo/repository.yaml`. `base_url` is where clients find it; `key` is the signing key's fingerprint."""

    name: Name
    summary: Line
    base_url: str = Field(pattern=BASE_URL_PATTERN)
    channels: tuple[Name, ...] = Field(min_length=1)
    key: str | None = Field(default=None, pattern=KEY_PATTERN)
    valid_days: int = Field(default=14, ge=1)
    keep_snapshots: int = Field(default=10, ge=2)
