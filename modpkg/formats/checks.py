"""Rules for one document that types cannot say: nothing twice, versions in order. It opens no files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from modpkg.formats.problems import way_text
from modpkg.model.left_out import why_left_out
from modpkg.model.version import ModuleVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from modpkg.errors import Problem
    from modpkg.formats.yaml import Keys, Parsed
    from modpkg.model.changelog import Changelog
    from modpkg.model.disks import Disks
    from modpkg.model.document import Document
    from modpkg.model.manifest import Manifest
    from modpkg.model.platform import Platform
    from modpkg.model.recipe import Recipe
    from modpkg.model.repository_document import RepositoryDocument
    from modpkg.model.site import SiteDocument


LICENSE_HINT: Final = (
    "such as GPL-2.0-or-later or MIT AND (X11 OR ISC); LicenseRef-NAME for one that SPDX does not list"
)
GRAMMAR: Final = "Invalid license expression"


def check(document: Document, parsed: Parsed) -> list[Problem]:
    """Give the problems of a document whose types are right."""
    rules = RULES.get(type(document).__name__)
    return list(rules(document, parsed)) if rules else []


def _repository(repository: RepositoryDocument, parsed: Parsed) -> Iterator[Problem]:
    for key in ("channels", "keys"):
        yield from _twice(parsed, (key,), getattr(repository, key))
    if repository.key and repository.keys:
        message = "keys: a repository has `key` or `keys`, not both"
        yield parsed.problem(("keys",), message, hint="write the new key first, then the old one", key=True)


def _disks(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    from modpkg.formats.disk_checks import check_disks  # noqa: PLC0415 - loads the model of disks

    yield from check_disks(disks, parsed)


def _site(site: SiteDocument, parsed: Parsed) -> Iterator[Problem]:
    from modpkg.model.site import MAX_NAMESERVERS  # noqa: PLC0415

    yield from _twice(parsed, ("files",), [file.path for file in site.files], below="path")
    yield from _twice(parsed, ("root-keys",), site.root_keys)
    if site.resolver is None:
        return
    way: Keys = ("resolver", "nameservers")
    yield from _twice(parsed, way, site.resolver.nameservers)
    count = len(site.resolver.nameservers)
    if not 1 <= count <= MAX_NAMESERVERS:
        message = (
            f"{way_text(way)}: there are {count}; a node asks at least one and at most {MAX_NAMESERVERS}"
        )
        yield parsed.problem(way, message)


def _recipe(recipe: Recipe, parsed: Parsed) -> Iterator[Problem]:
    yield from _license(recipe.license, parsed)
    for key in ("platforms", "depends", "conflicts", "provides", "accounts"):
        yield from _twice(parsed, (key,), getattr(recipe, key))
    if isinstance(recipe.packages, dict):
        for platform, packages in recipe.packages.items():
            yield from _twice(parsed, ("packages", platform), packages)
    else:
        yield from _twice(parsed, ("packages",), recipe.packages)
    destinations = [content.dst for content in recipe.contents]
    yield from _twice(parsed, ("contents",), destinations, below="dst")
    for index, content in enumerate(recipe.contents):
        if content.src is None and content.type != "dir":
            message = f"contents[{index}]: a {content.type} needs a src"
            yield parsed.problem(("contents", index), message)
        if fault := why_left_out(content.dst, is_file=content.type == "file"):
            message = f"contents[{index}].dst: {content.dst!r} {fault[0]}"
            yield parsed.problem(("contents", index, "dst"), message, hint=fault[1])
        if content.src is not None and content.type == "dir":
            message = f"contents[{index}].src: a dir has no src"
            hint = "to ship a directory with its files write `type: tree`"
            yield parsed.problem(("contents", index, "src"), message, hint=hint, key=True)


def _license(text: str, parsed: Parsed) -> Iterator[Problem]:
    from packaging.licenses import (  # noqa: PLC0415 - only recipes have one
        InvalidLicenseExpression,
        canonicalize_license_expression,
    )

    way: Keys = ("license",)
    try:
        written = canonicalize_license_expression(text)
    except InvalidLicenseExpression as error:
        reason = "" if str(error).startswith(GRAMMAR) else f": {error}"
        yield parsed.problem(way, f"license: {text!r} is no SPDX expression{reason}", hint=LICENSE_HINT)
        return
    if written != text:
        # Package managers and lists of licences compare such words letter by letter.
        yield parsed.problem(way, f"license: SPDX writes {text!r} in another way", hint=f"write {written}")


def _changelog(changelog: Changelog, parsed: Parsed) -> Iterator[Problem]:
    count = len(changelog.entries)
    versions = [ModuleVersion.parse(entry.version) for entry in changelog.entries]
    for index, version in enumerate(versions):
        due = count - index
        if version.revision != due:
            message = f"entries[{index}].version: the revision is {version.revision}, not {due}"
            hint = f"it counts the entries and never resets: write {version.upstream}-{due}"
            yield parsed.problem(("entries", index, "version"), message, hint=hint)
        if index and version.numbers > versions[index - 1].numbers:
            message = f"entries[{index}].version: {version} is higher than {versions[index - 1]} above it"
            yield parsed.problem(("entries", index, "version"), message, hint="the newest entry comes first")
    for index, (newer, older) in enumerate(zip(changelog.entries, changelog.entries[1:], strict=False), 1):
        if older.date >= newer.date:
            message = f"entries[{index}].date: {older.date} is not before {newer.date} above it"
            hint = "the newest entry comes first, and no two have one date"
            yield parsed.problem(("entries", index, "date"), message, hint=hint)


def _manifest(manifest: Manifest, parsed: Parsed) -> Iterator[Problem]:
    names = [pin.name for pin in manifest.modules]
    yield from _twice(parsed, ("modules",), names, below="name")
    if "core" not in names:
        hint = "every image has it: add {name: core, version: ...}"
        yield parsed.problem(("modules",), "modules: the module 'core' is missing", hint=hint, key=True)


def _platform(platform: Platform, parsed: Parsed) -> Iterator[Problem]:
    for table in ("users", "groups"):
        owners: dict[int, str] = {}
        for name, number in getattr(platform.accounts, table).items():
            first = owners.setdefault(number, name)
            if first != name:
                way: Keys = ("accounts", table, name)
                yield parsed.problem(way, f"{way_text(way)}: {number} is the id of {first!r} already")


def _twice(parsed: Parsed, way: Keys, words: Iterable[str], *, below: str = "") -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, word in enumerate(words):
        first = seen.setdefault(word, index)
        if first != index:
            place = (*way, index, below) if below else (*way, index)
            message = f"{way_text(place)}: {word!r} is there twice"
            yield parsed.problem(place, message, hint=f"it is {way_text((*way, first))} already; remove one")


# By the names of models: a command that reads one kind of document does not load the models of all.
RULES: Final[Mapping[str, Callable[[Any, Parsed], Iterator[Problem]]]] = {
    "Changelog": _changelog,
    "Disks": _disks,
    "Manifest": _manifest,
    "Platform": _platform,
    "Recipe": _recipe,
    "RepositoryDocument": _repository,
    "SiteDocument": _site,
}
