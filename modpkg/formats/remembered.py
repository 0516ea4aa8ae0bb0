"""What `repository.yaml` said when it was checked last: so that it need not be checked again for each publication.

To check a document loads what knows all documents, which takes longer than to sign a channel. What is remembered is
believed while the document, the rules that it was checked by and the record itself are the same to the byte; else the
document is read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from modpkg.host.files import write_atomically
from modpkg.model.repository import Repository

# Relative to the package: what decides whether a repository.yaml is right, and what it means.
RULES: Final = (
    "formats/checks.py",
    "formats/documents.py",
    "formats/drafts.py",
    "formats/remembered.py",
    "formats/yaml.py",
    "model/document.py",
    "model/patterns.py",
    "model/repository.py",
    "model/repository_document.py",
)


def read_repository(path: Path, *, record: Path) -> Repository:
    """Give what the document at `path` says, out of `record` where it can; raises DocumentError with all its faults."""
    return _remembered(record, _content(path)) or _load(path)


def remember_repository(path: Path, *, record: Path) -> None:
    """Let the next `read_repository` of this document find it in `record`."""
    content = _content(path)
    if _remembered(record, content) is None:
        said = asdict(_load(path))
        if _content(path) == content:
            write_atomically(record, _text({"proof": _proof(content, said), "repository": said}))


def _load(path: Path) -> Repository:
    from modpkg.formats.documents import load_repository  # noqa: PLC0415 - the time that this saves

    return load_repository(path)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _remembered(record: Path, content: bytes) -> Repository | None:
    try:
        known = json.loads(record.read_bytes())
        said = known["repository"]
        if known["proof"] != _proof(content, said):
            return None
        # JSON has no tuples.
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in said.items()
        }
        return Repository(**values)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _proof(content: bytes, said: object) -> str:
    rules = [Path(__file__).parents[1].joinpath(name).read_bytes() for name in RULES]
    parts = (*rules, content, _text(said).encode())
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _text(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"
