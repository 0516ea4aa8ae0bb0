"""JSON schemas of the YAML documents, for editors. modpkg itself never reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from modpkg.formats.canonical import canonical_json
from modpkg.host.files import Receipt, write_atomically
from modpkg.model.changelog import Changelog
from modpkg.model.cluster import Cluster
from modpkg.model.disks import Disks
from modpkg.model.files import FilesDocument
from modpkg.model.inventory import Inventory
from modpkg.model.manifest import Manifest
from modpkg.model.platform import Platform
from modpkg.model.recipe import Recipe
from modpkg.model.repository_document import RepositoryDocument
from modpkg.model.site import SiteDocument

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modpkg.model.document import Document

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
KINDS: Final[Mapping[str, type[Document]]] = {
    "changelog": Changelog,
    "cluster": Cluster,
    "disks": Disks,
    "files": FilesDocument,
    "inventory": Inventory,
    "manifest": Manifest,
    "platform": Platform,
    "recipe": Recipe,
    "repository": RepositoryDocument,
    "site": SiteDocument,
}


def schema_of(kind: str) -> dict[str, Any]:
    """Give the JSON schema of a kind of document."""
    return {"$schema": DIALECT, **KINDS[kind].model_json_schema(by_alias=True)}


def schemas() -> dict[str, str]:
    """Give the text of each schema file by its name."""
    return {f"{kind}.json": canonical_json(schema_of(kind)) for kind in KINDS}


def stale_schemas(directory: Path) -> list[Path]:
    """Give the schema files that are missing in a directory or not what they should be."""
    wanted = {directory / name: text for name, text in schemas().items()}
    return [
        path
        for path, text in wanted.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def write_schemas(directory: Path) -> list[Receipt]:
    """Write `<kind>.json` for each kind of document."""
    return [write_atomically(directory / name, text) for name, text in schemas().items()]
