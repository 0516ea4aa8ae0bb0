"""What the fields of a site document become: files of the image. Reads and writes no file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from modpkg.model.site import LOCALTIME, RESOLVER, ROOT_KEYS, SHADOW, TIMEZONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from modpkg.model.module import State
    from modpkg.model.site import Resolver, SiteDocument

ROOT: Final = "root"
ZONEINFO: Final = "usr/share/zoneinfo"
PASSWORD_FIELD: Final = 1
Kind = Literal["dir", "file", "symlink"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to lie at a path, as far as the site says it: None of owner, group and mode is a default.

    A file has a `source` or a `text`, a symbolic link a `target`. `origin` is what asked for it, for messages.
    """

    kind: Kind
    origin: str
    source: Path | None = None
    text: str | None = None
    target: str | None = None
    executable: bool = False
    owner: str | None = None
    group: str | None = None
    mode: int | None = None


def wishes_of(document: SiteDocument, *, keys: Sequence[str], state: State) -> Iterator[tuple[str, Wish]]:
    """Give the files that the fields of a document make; `keys` are root's, those of other documents included.

    Without a line for root in the modules' shadow a password makes no file: `has_root` tells.
    """
    if document.root_password and has_root(state):
        yield SHADOW, _file("root-password", _shadow(state, document.root_password), 0o640, group="shadow")
    if document.root_keys:
        directory = ROOT_KEYS.rpartition("/")[0]
        yield directory, Wish(kind="dir", origin="root-keys", owner=ROOT, group=ROOT, mode=0o700)
        yield ROOT_KEYS, _file("root-keys", "".join(f"{key}\n" for key in keys), 0o600)
    if document.resolver:
        yield RESOLVER, _file("resolver", _resolver_text(document.resolver), 0o644)
    if document.time_zone:
        yield LOCALTIME, Wish(kind="symlink", origin="time-zone", target=f"/{ZONEINFO}/{document.time_zone}")
        yield TIMEZONE, _file("time-zone", f"{document.time_zone}\n", 0o644)


def has_root(state: State) -> bool:
    """Tell whether the modules' shadow has a line for root."""
    return any(line.startswith(f"{ROOT}:") for line in state.lines.get(SHADOW, ()))


def _file(origin: str, text: str, mode: int, *, group: str = ROOT) -> Wish:
    return Wish(kind="file", origin=origin, text=text, owner=ROOT, group=group, mode=mode)


def _shadow(state: State, password: str) -> str:
    # All other lines are the modules': accounts of the site would not be in passwd.
    lines = []
    for line in state.lines[SHADOW]:
        fields = line.split(":")
        if fields[0] == ROOT:
            fields[PASSWORD_FIELD] = password
        lines.append(":".join(fields))
    return "".join(f"{line}\n" for line in lines)


def _resolver_text(resolver: Resolver) -> str:
    search = [f"search {' '.join(resolver.search)}\n"] if resolver.search else []
    return "".join([*search, *(f"nameserver {address}\n" for address in resolver.nameservers)])
