"""The repository document, as people write it."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from modpkg.model.document import AbsolutePath, Document, Line, Name, Person, Version
from modpkg.model.repository import Repository

BASE_URL_PATTERN: Final = r"^(https?|file)://[^\x00-\x20\x7f]+$"
KEY_PATTERN: Final = r"^[0-9A-F]{40}$"
Fingerprint = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]


class RepositoryDocument(Document):
    """`repo/repository.yaml`. `key` is the signing key's fingerprint.

    `base_url` is where clients find the repository; without it, where it lies in the file system. While keys are
    rotated, `keys` has the new one and then the old one. `signing_program` is called in the place of gpg.
    `clients_version` is that of the packages that set up clients. With `keep_inputs` the distribution packages that
    modules were made from are kept too.
    """

    name: Name
    summary: Line
    base_url: str | None = Field(default=None, pattern=BASE_URL_PATTERN)
    channels: tuple[Name, ...] = Field(min_length=1)
    key: Fingerprint | None = None
    keys: tuple[Fingerprint, ...] = ()
    signing_program: AbsolutePath | None = None
    valid_days: int = Field(default=14, ge=1)
    keep_snapshots: int = Field(default=10, ge=2)
    keep_versions: int | None = Field(default=None, ge=1)
    grace_days: int = Field(default=2, ge=0)
    keep_inputs: bool = False
    clients_version: Version | None = None
    maintainer: Person | None = None

    def value(self) -> Repository:
        """Give what it says, without what checked it."""
        return Repository(**{name: getattr(self, name) for name in type(self).model_fields})
