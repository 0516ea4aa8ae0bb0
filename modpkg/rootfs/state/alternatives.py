"""update-alternatives: the union of all choices, of which the highest priority wins unless one is selected.

That is what update-alternatives does when the packages are installed together. A choice or link that modules
describe differently, or two different selections by hand, are conflicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.model.module import Alternative, Choice
from modpkg.rootfs.state.conflict import Conflict, disagreement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ADMIN: Final = "var/lib/dpkg/alternatives"
LINKS: Final = "etc/alternatives"
Named = list[tuple[str, Alternative]]


@dataclass(slots=True)
class _Lines:
    """Reads an admin file line by line."""

    name: str
    rest: list[str]

    def next(self) -> str:
        if not self.rest:
            raise ModpkgError(f"cannot read /{ADMIN}/{self.name}: it ends too early")
        return self.rest.pop(0)

    def until_empty(self) -> Iterator[str]:
        while self.rest and (line := self.next()):
            yield line


def parse_admin(name: str, text: str) -> tuple[Alternative, bool]:
    """Read the admin file of one name; also tells whether its choice was made by hand."""
    lines = _Lines(name, text.split("\n"))
    by_hand = lines.next() == "manual"
    link = lines.next()
    slaves = {slave: lines.next() for slave in lines.until_empty()}
    choices = []
    for path in lines.until_empty():
        priority = int(lines.next())
        targets = {slave: lines.next() for slave in slaves}
        choices.append(Choice(path=path, priority=priority, slaves={k: v for k, v in targets.items() if v}))
    return Alternative(link=link, slaves=slaves, choices=tuple(choices)), by_hand


def admin_text(alternative: Alternative) -> str:
    """Write the admin file of one name as update-alternatives does: slaves and choices sorted."""
    slaves = sorted(alternative.slaves)
    lines = ["manual" if alternative.selected else "auto", alternative.link]
    lines += [line for slave in slaves for line in (slave, alternative.slaves[slave])]
    lines.append("")
    for choice in alternative.choices:
        lines += [choice.path, str(choice.priority), *(choice.slaves.get(slave, "") for slave in slaves)]
    return "\n".join([*lines, "", ""])


def chosen(alternative: Alternative) -> Choice | None:
    """Give the choice that is in force: the selected one, else that of the highest priority."""
    if alternative.selected:
        return next((choice for choice in alternative.choices if choice.path == alternative.selected), None)
    return min(alternative.choices, key=lambda choice: (-choice.priority, choice.path), default=None)


def links_of(name: str, alternative: Alternative) -> dict[str, str]:
    """Give the links below /etc/alternatives, {name: target}."""
    choice = chosen(alternative)
    if choice is None:
        return {}
    slaves = {slave: to for slave, to in choice.slaves.items() if slave not in choice.missing}
    return {name: choice.path, **slaves}


def read_alternative(name: str, text: str, links: Mapping[str, str]) -> Alternative:
    """Read an admin file together with the links that are there."""
    alternative, by_hand = parse_admin(name, text)
    selected = links.get(name) if by_hand else None
    alternative = alternative.model_copy(update={"selected": selected})
    choice = chosen(alternative)
    if choice is None:
        return alternative
    missing = tuple(sorted(slave for slave in choice.slaves if slave not in links))
    exact = choice.model_copy(update={"missing": missing})
    choices = tuple(exact if each is choice else each for each in alternative.choices)
    return alternative.model_copy(update={"choices": choices})


def added_alternative(
    name: str, new: Alternative, *, base: Alternative | None, below: str, here: str
) -> tuple[Alternative | None, tuple[Conflict, ...]]:
    """Give what an alternative has over its base, None if nothing; a base choice gone is a conflict."""
    if base is None:
        return new, ()
    old = {choice.path: choice for choice in base.choices}
    choices = {choice.path: choice for choice in new.choices}
    conflicts = [
        conflict
        for path in old
        for conflict in _choice_clash(name, path, [(below, old[path]), (here, choices.get(path))])
    ]
    conflicts += _link_clashes(name, [(below, base), (here, new)])
    extra = Alternative(
        link=new.link,
        slaves={slave: link for slave, link in new.slaves.items() if slave not in base.slaves},
        choices=tuple(choice for choice in new.choices if choice.path not in old),
        selected=new.selected if new.selected != base.selected else None,
    )
    return (extra if extra.slaves or extra.choices or extra.selected else None), tuple(conflicts)


def merged_alternative(name: str, shares: Named) -> tuple[Alternative, tuple[Conflict, ...]]:
    """Give the union of what modules say about one name, and what they disagree about."""
    having: dict[str, list[tuple[str, Choice | None]]] = {}
    for module, alternative in shares:
        for choice in alternative.choices:
            having.setdefault(choice.path, []).append((module, choice))
    conflicts = [conflict for path, sides in having.items() for conflict in _choice_clash(name, path, sides)]
    conflicts += _link_clashes(name, shares)
    selections = [(module, one.selected) for module, one in shares if one.selected]
    conflicts += disagreement(f"{ADMIN}/{name}", "selection by hand", selections)
    union = Alternative(
        link=shares[0][1].link,
        slaves=dict(sorted(pair for _, one in shares for pair in one.slaves.items())),
        choices=tuple(choice for path in sorted(having) for choice in _first(having[path])),
        selected=min((path for _, path in selections if path), default=None),
    )
    return union, tuple(conflicts)


def _first(sides: Sequence[tuple[str, Choice | None]]) -> list[Choice]:
    return [choice for _, choice in sides if choice][:1]


def _choice_clash(name: str, path: str, sides: Sequence[tuple[str, Choice | None]]) -> tuple[Conflict, ...]:
    said = [(module, _words(choice)) for module, choice in sides]
    return disagreement(f"{ADMIN}/{name}", f"choice {path}", said)


def _words(choice: Choice | None) -> str | None:
    if choice is None:
        return None
    slaves = "".join(f", {slave} {target}" for slave, target in sorted(choice.slaves.items()))
    return f"priority {choice.priority}{slaves}"


def _link_clashes(name: str, shares: Named) -> list[Conflict]:
    database = f"{ADMIN}/{name}"
    clashes = [*disagreement(database, "link", [(module, one.link) for module, one in shares])]
    for slave in sorted({slave for _, one in shares for slave in one.slaves}):
        links = [(module, one.slaves[slave]) for module, one in shares if slave in one.slaves]
        clashes += disagreement(database, f"link of {slave}", links)
    return clashes
