"""A bucket of an S3-compatible object store, by obstore. Never removes an object.

obstore is an extra of modpkg (`pip install modpkg[s3]`): nothing but an upload needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from modpkg.errors import BadInputError, ModpkgError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Larger files go up in parts, and parts cannot be refused when there is an object of the name.
LARGEST_IN_ONE: Final = 64 << 20
SETTINGS: Final = {
    "access_key_id": ("AWS_ACCESS_KEY_ID",),
    "secret_access_key": ("AWS_SECRET_ACCESS_KEY",),
    "session_token": ("AWS_SESSION_TOKEN",),
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
}
# A bucket that is not there is a FileNotFoundError of obstore.
FAULTS: Final = (BaseError, OSError)
DEFAULT_REGION: Final = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object that is there. `tag` is the md5 of most objects that went up in one."""

    size: int
    tag: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """The objects below one prefix."""

    address: str
    store: S3Store

    def objects(self) -> dict[str, Stored]:
        """Give all objects by their paths."""
        try:
            found = [each for page in obstore.list(self.store) for each in page]
        except FAULTS as error:
            raise self._error("cannot list the bucket", error) from error
        return {
            each["path"]: Stored(size=each["size"], tag=(each["e_tag"] or "").strip('"')) for each in found
        }

    def put(self, path: str, source: Path, *, headers: Mapping[str, str]) -> None:
        """Write an object, over one that is there."""
        try:
            obstore.put(self.store, path, source, attributes=dict(headers))
        except FAULTS as error:
            raise self._error(f"cannot upload {path}", error) from error

    def create(self, path: str, source: Path, *, headers: Mapping[str, str]) -> bool:
        """Write an object if there is none of its name; tell whether it was written."""
        if source.stat().st_size > LARGEST_IN_ONE:
            self.put(path, source, headers=headers)
            return True
        try:
            obstore.put(
                self.store, path, source, attributes=dict(headers), mode="create", use_multipart=False
            )
        except AlreadyExistsError:
            return False
        except FAULTS as error:
            raise self._error(f"cannot upload {path}", error) from error
        return True

    def _error(self, what: str, error: Exception) -> ModpkgError:
        reason = str(error).partition("\n")[0]
        return ModpkgError(
            f"{what}: {reason}", where=self.address, hint="look at AWS_* variables and at the bucket's policy"
        )


def open_bucket(address: str, *, environ: Mapping[str, str], endpoint: str | None = None) -> Bucket:
    """Open `s3://bucket/prefix` with the credentials of AWS_* variables."""
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc:
        raise BadInputError(
            "cannot upload to this: it is no bucket", where=address, hint="write s3://BUCKET/PREFIX"
        )
    settings: dict[str, Any] = {"region": DEFAULT_REGION}
    for name, variables in SETTINGS.items():
        said = [environ[variable] for variable in variables if environ.get(variable)]
        if said:
            settings[name] = said[0]
    if endpoint:
        settings["endpoint"] = endpoint
    plain = settings.get("endpoint", "").startswith("http://")
    prefix = parts.path.strip("/")
    store = S3Store(parts.netloc, prefix=prefix or None, client_options={"allow_http": plain}, **settings)
    return Bucket(address.rstrip("/"), store)
