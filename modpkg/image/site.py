"""The site layer of an image, worked out from documents, files and the modules' records. Writes nothing.

It lies above the root and never in it: the root stays the one that the modules alone make.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from modpkg.errors import BadInputError
from modpkg.formats.canonical import canonical_json, digest_of
from modpkg.host.files import digest_file
from modpkg.image.finding import Finding
from modpkg.image.order import in_order
from modpkg.image.paths import union
from modpkg.image.site_fields import ZONEINFO, Wish, has_root, wishes_of
from modpkg.model.document import Record
from modpkg.model.image import SiteMark
from modpkg.model.version import letters_of
from modpkg.rootfs.state.accounts import Group, User
from modpkg.rootfs.state.merge import unite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from modpkg.formats.site import SitePart
    from modpkg.model.module import Module, State

LINK_MODE: Final = "0777"  # what the kernel shows of every symbolic link
DIRECTORY_MODE: Final = "0755"
PROGRAM_MODE: Final = "0755"
FILE_MODE: Final = "0644"
KIND_WORDS: Final = {"dir": "a directory", "file": "a file", "symlink": "a symbolic link"}


class SiteEntry(Record):
    """One path of the layer: what `modpkg.rootfs.inventory` has to say of it, and where its content comes from."""

    line: str
    source: Path | None = None
    text: str | None = None
    target: str | None = None


class SiteLayer(Record):
    """All that a site adds to an image, by path without a leading slash; every parent directory is in it."""

    mark: SiteMark
    entries: dict[str, SiteEntry]


class SiteError(BadInputError):
    """What keeps a site's files from lying over the modules; `findings` has every reason, sorted."""

    def __init__(self, image: str, findings: Sequence[Finding]) -> None:
        self.findings = tuple(sorted(set(findings)))
        count = len(self.findings)
        lines = [line for finding in self.findings for line in str(finding).split("\n")]
        head = f"cannot make the site layer of {image!r}: {count} finding{'' if count == 1 else 's'}"
        super().__init__("\n    ".join([head, *lines]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Below:
    # What the layer lies on: the words of each path of the modules, and the ids of their accounts.
    paths: Mapping[str, Sequence[str]]
    users: Mapping[str, int]
    groups: Mapping[str, int]

    def kind(self, path: str) -> str:
        words = self.paths.get(path)
        return words[0] if words else ""


def compose(parts: Sequence[SitePart], modules: Sequence[Module], *, image: str) -> SiteLayer | None:
    """Give the layer that parts, the last of which wins, make over modules; None if there is nothing in it.

    Raises SiteError with all that is wrong with it.
    """
    if not parts:
        return None
    ordered = in_order(modules)
    state = unite({module.name: module.state for module in ordered}).state
    below = _below(ordered, state)
    wishes = _with_parents(_wishes(parts, state))
    findings = [*_field_findings(parts, state, below), *_path_findings(wishes, below)]
    if findings:
        raise SiteError(image, findings)
    entries = {path: _entry(path, wish, below) for path, wish in sorted(wishes.items())}
    return SiteLayer(mark=mark_of(entries), entries=entries) if entries else None


def mark_of(entries: Mapping[str, SiteEntry]) -> SiteMark:
    """Give digest and letters of a layer: of paths, kinds, modes, owners and content; of no place and no time."""
    lines = {path: entry.line for path, entry in entries.items()}
    letters = letters_of(b"modpkg-site-v1\0" + canonical_json(lines).encode())
    return SiteMark(digest=digest_of(lines), fingerprint=letters)


def _below(modules: Sequence[Module], state: State) -> _Below:
    users = [User.parse(line) for line in state.lines.get("etc/passwd", ())]
    groups = [Group.parse(line) for line in state.lines.get("etc/group", ())]
    return _Below(
        paths={path: line.split() for path, line in union(modules).items()},
        users={user.name: user.uid for user in users},
        groups={group.name: group.gid for group in groups},
    )


def _wishes(parts: Sequence[SitePart], state: State) -> dict[str, Wish]:
    wishes: dict[str, Wish] = {}
    keys: dict[str, None] = {}
    for part in parts:
        keys.update(dict.fromkeys(part.document.root_keys))
        wishes.update(_files(part))
        wishes.update(wishes_of(part.document, keys=tuple(keys), state=state))
    return wishes


def _files(part: SitePart) -> dict[str, Wish]:
    wishes = {
        path: Wish(
            kind=source.kind,
            origin=str(source.place),
            source=source.place if source.kind == "file" else None,
            target=source.target if source.kind == "symlink" else None,
            executable=source.executable,
        )
        for path, source in part.sources.items()
    }
    for file in part.document.files:
        path = file.path.lstrip("/")
        mode = int(file.mode, 8) if file.mode else None
        wishes[path] = replace(wishes[path], owner=file.owner, group=file.group, mode=mode)
    return wishes


def _with_parents(wishes: dict[str, Wish]) -> dict[str, Wish]:
    parents = {
        path[:at]: wish.origin
        for path, wish in wishes.items()
        for at, letter in enumerate(path)
        if letter == "/"
    }
    made = {path: Wish(kind="dir", origin=origin) for path, origin in parents.items() if path not in wishes}
    return {**wishes, **made}


def _field_findings(parts: Sequence[SitePart], state: State, below: _Below) -> Iterator[Finding]:
    for part in parts:
        document = part.document
        if document.root_password and not has_root(state):
            yield Finding(
                about="/etc/shadow", what="the modules have no line for root", hint="core has to have it"
            )
        zone = document.time_zone
        if zone and below.kind(f"{ZONEINFO}/{zone}") not in {"file", "symlink"}:
            what = f"no module has the time zone {zone!r}"
            yield Finding(
                about=f"/{ZONEINFO}/{zone}", what=what, hint="correct it, or add the package tzdata to core"
            )


def _path_findings(wishes: Mapping[str, Wish], below: _Below) -> Iterator[Finding]:
    for path, wish in wishes.items():
        yield from _collision(path, wish, wishes, below)
        for noun, name, known in (("user", wish.owner, below.users), ("group", wish.group, below.groups)):
            if name is not None and name not in known:
                yield Finding(
                    about=f"/{path}",
                    what=f"no module has the {noun} {name!r}",
                    hint="accounts come from modules: name them in `accounts` of a recipe",
                )


def _collision(path: str, wish: Wish, wishes: Mapping[str, Wish], below: _Below) -> Iterator[Finding]:
    parent = path.rpartition("/")[0]
    if parent and wishes[parent].kind != "dir":
        what = (
            f"it lies below /{parent}, which is {KIND_WORDS[wishes[parent].kind]} of {wishes[parent].origin}"
        )
        yield Finding(about=f"/{path}", what=what, hint="remove one of them")
    there = below.kind(path)
    if not there or there == wish.kind:
        return
    if there == "symlink" and wish.kind == "dir":
        what = f"the modules have a symbolic link there, to {below.paths[path][4]}"
        yield Finding(about=f"/{path}", what=what, hint="put the files where it leads")
    elif "dir" in {there, wish.kind}:
        what = f"the modules have {KIND_WORDS.get(there, 'a device')} there, and {wish.origin} is none"
        yield Finding(about=f"/{path}", what=what, hint="a site replaces files by files alone")


def _entry(path: str, wish: Wish, below: _Below) -> SiteEntry:
    # A file that takes the place of another keeps its owner and mode: those of a secret stay as they were.
    words = below.paths[path] if below.kind(path) == wish.kind else ("", _mode(wish), "0", "0")
    mode = f"{wish.mode:04o}" if wish.mode is not None else words[1]
    user = below.users[wish.owner] if wish.owner is not None else words[2]
    group = below.groups[wish.group] if wish.group is not None else words[3]
    head = f"{wish.kind} {mode} {user} {group}"
    if wish.kind == "dir":
        return SiteEntry(line=head)
    if wish.target is not None:
        return SiteEntry(line=f"{head} {quote(wish.target)}", target=wish.target)
    return SiteEntry(line=f"{head} {_content(wish)}", source=wish.source, text=wish.text)


def _mode(wish: Wish) -> str:
    if wish.kind == "file":
        return PROGRAM_MODE if wish.executable else FILE_MODE
    return LINK_MODE if wish.kind == "symlink" else DIRECTORY_MODE


def _content(wish: Wish) -> str:
    if wish.source is not None:
        return f"{wish.source.stat().st_size} {digest_file(wish.source)}"
    data = (wish.text or "").encode()
    return f"{len(data)} {hashlib.sha256(data).hexdigest()}"
