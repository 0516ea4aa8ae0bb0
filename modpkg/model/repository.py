"""The repository document: channels and who signs them."""

from __future__ import annotations

from pydantic import Field

from modpkg.model.document import Document, Name


class Repository(Document):
    """`repo/repository.yaml`. `base_url` is where clients find it; `key` is the signing key's fingerprint."""

    name: Name
    summary: str
    base_url: str = Field(pattern=r"^(https?|file)://")
    channels: tuple[Name, ...] = Field(min_length=1)
    key: str | None = Field(default=None, pattern=r"^[0-9A-F]{40}$")
    valid_days: int = Field(default=14, ge=1)
    keep_snapshots: int = Field(default=10, ge=2)
