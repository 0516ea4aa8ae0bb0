"""A module out of an archive that is read from front to back: its module.json, its fragment.

Paths of the archive are compared with the one place where a module may lie and never become paths of this
machine. Faults are ValueError and EOFError; the readers of each format say which package has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from modpkg.formats.hashing import READ_BYTES, Sha256Thread
from modpkg.host.files import Receipt, new_file
from modpkg.model.unpack import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.model.module import Module

FRAGMENT: Final = "fragment.squashfs"
MODULE: Final = "module.json"
MODULES: Final = "usr/share/modpkg/modules/"
DOCUMENTS: Final = "usr/share/doc/"
LARGEST_MODULE_JSON: Final = 64 << 20
CLIMBING: Final = frozenset({"", ".", ".."})
LARGEST_DOCUMENT: Final = 64 << 20


class Readable(Protocol):
    """A stream that gives up to `size` bytes, fewer only at its end."""

    def read(self, size: int, /) -> bytes:
        """Give bytes."""


class Section:
    """The next `size` bytes of a stream; fewer are an EOFError."""

    def __init__(self, stream: Readable, size: int) -> None:
        if size < 0:
            raise ValueError("it holds a negative size")
        self._stream = stream
        self.left = size

    def read(self, size: int) -> bytes:
        """Give up to `size` bytes, fewer only at the end of the section."""
        wanted = min(size, self.left)
        data = self._stream.read(wanted)
        if len(data) != wanted:
            raise EOFError("it is cut off")
        self.left -= wanted
        return data

    def skip(self) -> None:
        """Read what is left, to nowhere."""
        while self.left:
            self.read(READ_BYTES)


def sound_name(name: str) -> str:
    """Give the path of an archive's entry, without `./`; ValueError when it leads out of the package."""
    path = name.removeprefix("./").removesuffix("/")
    # Most have neither: taking all of them apart shows in a repository of thousands.
    between = f"/{path}/"
    if path and ("//" in between or "/." in between) and not CLIMBING.isdisjoint(path.split("/")):
        raise ValueError(f"{name!r} leads out of the package")
    return path


def find_module(files: Iterator[tuple[str, Section]]) -> Module:
    """Read on until module.json, and give what it says."""
    for path, content in files:
        if path.startswith(MODULES) and path.endswith(f"/{MODULE}"):
            module = _parse(content)
            if path != f"{module.directory}/{MODULE}":
                raise ValueError(f"its {MODULE} is that of {module.package_name}, but lies in another place")
            return module
    raise ValueError(f"it is not the package of a module: it holds no {MODULE}")


def find_document(files: Iterator[tuple[str, Section]], name: str) -> bytes:
    """Read on until the document of a name, and give it unpacked; b"" where the package has none before its module."""
    for path, content in files:
        if path.startswith(DOCUMENTS) and path.endswith(f"/{name}"):
            if content.left > LARGEST_DOCUMENT:
                raise ValueError(f"its {name} is larger than {LARGEST_DOCUMENT} bytes")
            text = content.read(content.left)
            return unpacked(text, most=LARGEST_DOCUMENT) if name.endswith(".gz") else text
        if path.startswith(MODULES):
            return b""
    return b""


def _parse(content: Section) -> Module:
    # A large model, and most readers want files alone.
    from pydantic import ValidationError  # noqa: PLC0415

    from modpkg.model.module import Module  # noqa: PLC0415

    if content.left > LARGEST_MODULE_JSON:
        raise ValueError(f"its {MODULE} is larger than {LARGEST_MODULE_JSON} bytes")
    try:
        return Module.model_validate_json(content.read(content.left), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"its {MODULE} is wrong: {place}: {first['msg']}") from error


def extract_fragment(files: Iterator[tuple[str, Section]], destination: Path) -> Receipt:
    """Write the fragment to `destination`; it must be exactly the one that module.json names."""
    module = find_module(files)
    for path, content in files:
        if path == f"{module.directory}/{FRAGMENT}":
            with new_file(destination) as temporary:
                receipt = _copy(content, temporary)
                if (receipt.size, receipt.sha256) != (module.fragment.size, module.fragment.sha256):
                    raise ValueError(f"its fragment is not the one that its {MODULE} names")
                for _ in files:
                    # The end of the archive holds the checksum of its framing.
                    pass
            return Receipt(path=destination, size=receipt.size, sha256=receipt.sha256)
    raise ValueError("it holds no fragment")


def _copy(content: Section, path: Path) -> Receipt:
    size = content.left
    with Sha256Thread() as digest, path.open("wb") as target:
        while block := content.read(READ_BYTES):
            target.write(block)
            digest.update(block)
    return Receipt(path=path, size=size, sha256=digest.hexdigest())
