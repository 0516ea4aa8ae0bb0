"""Rules for one document that types cannot say: nothing twice, versions in order. It opens no files."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from modpkg.formats.drafts import as_far_as_known, column, numbered
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
    from modpkg.model.recipe import Content, Packages, Recipe
    from modpkg.model.repository_document import RepositoryDocument
    from modpkg.model.site import SiteDocument

    Rule = Callable[[Any, Parsed], Iterator[Problem]]

LICENSE_HINT: Final = (
    "such as GPL-2.0-or-later or MIT AND (X11 OR ISC); LicenseRef-NAME for one that SPDX does not list"
)
GRAMMAR: Final = "Invalid license expression"


# Beside them lie backups and locks, which no package ships either.
ACCOUNT_TABLES: Final = frozenset(
    f"/etc/{name}" for name in ("passwd", "group", "shadow", "gshadow", "subuid", "subgid")
)


def check(draft: Document, parsed: Parsed) -> Iterator[Problem]:
    """Give the problems of a document as far as its types are right."""
    for rule in RULES.get(type(draft).__name__, ()):
        yield from as_far_as_known(rule)(draft, parsed)


def _repository(repository: RepositoryDocument, parsed: Parsed) -> Iterator[Problem]:
    if repository.key and repository.keys:
        message = "keys: a repository has `key` or `keys`, not both"
        yield parsed.problem(("keys",), message, hint="write the new key first, then the old one", key=True)


def _disks(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    from modpkg.formats.disk_checks import check_disks  # noqa: PLC0415 - loads the model of disks

    yield from check_disks(disks, parsed)


def _site_files(site: SiteDocument, parsed: Parsed) -> Iterator[Problem]:
    yield from _twice(parsed, ("files",), column(site.files, "path"), below="path")


def _resolver(site: SiteDocument, parsed: Parsed) -> Iterator[Problem]:
    from modpkg.model.site import MAX_NAMESERVERS  # noqa: PLC0415

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


def _packages(recipe: Recipe, parsed: Parsed) -> Iterator[Problem]:
    yield from _packages_of(("packages",), recipe.packages, parsed)


def _build(recipe: Recipe, parsed: Parsed) -> Iterator[Problem]:
    yield from _packages_of(("build", "packages"), recipe.build.packages, parsed)
    if recipe.build.packages and not recipe.build.scripts:
        message = "build: there are packages for a build, and no scripts that build anything"
        yield parsed.problem(("build",), message, hint="add scripts, or write them under packages", key=True)


def _packages_of(way: Keys, packages: Packages, parsed: Parsed) -> Iterator[Problem]:
    if not isinstance(packages, dict):
        yield from _twice(parsed, way, packages)
        return
    for platform, names in packages.items():
        yield from _twice(parsed, (*way, platform), names)


def _destinations(recipe: Recipe, parsed: Parsed) -> Iterator[Problem]:
    yield from _twice(parsed, ("contents",), column(recipe.contents, "dst"), below="dst")


def _contents(recipe: Recipe, parsed: Parsed) -> Iterator[Problem]:
    for index, content in numbered(recipe.contents):
        yield from _content(content, index, parsed)


@as_far_as_known
def _content(content: Content, index: int, parsed: Parsed) -> Iterator[Problem]:
    if content.src is None and content.type != "dir":
        message = f"contents[{index}]: a {content.type} needs a src"
        yield parsed.problem(("contents", index), message)
    if content.dst in ACCOUNT_TABLES:
        message = f"contents[{index}].dst: {content.dst} is made of the accounts of all modules"
        hint = "name accounts that packages make in `accounts`; a module ships no table of its own"
        yield parsed.problem(("contents", index, "dst"), message, hint=hint)
    elif fault := why_left_out(content.dst, is_file=content.type == "file"):
        message = f"contents[{index}].dst: {content.dst!r} {fault[0]}"
        yield parsed.problem(("contents", index, "dst"), message, hint=fault[1])
    if content.src is not None and content.type == "dir":
        message = f"contents[{index}].src: a dir has no src"
        hint = "to ship a directory with its files write `type: tree`"
        yield parsed.problem(("contents", index, "src"), message, hint=hint, key=True)


def _license(recipe: Recipe, parsed: Parsed) -> Iterator[Problem]:
    from packaging.licenses import (  # noqa: PLC0415 - only recipes have one
        InvalidLicenseExpression,
        canonicalize_license_expression,
    )

    way: Keys = ("license",)
    text = recipe.license
    try:
        written = canonicalize_license_expression(text)
    except InvalidLicenseExpression as error:
        reason = "" if str(error).startswith(GRAMMAR) else f": {error}"
        yield parsed.problem(way, f"license: {text!r} is no SPDX expression{reason}", hint=LICENSE_HINT)
        return
    if written != text:
        # Package managers and lists of licences compare such words letter by letter.
        yield parsed.problem(way, f"license: SPDX writes {text!r} in another way", hint=f"write {written}")


def _revisions(changelog: Changelog, parsed: Parsed) -> Iterator[Problem]:
    count = len(changelog.entries)
    for index, version in numbered(column(changelog.entries, "version")):
        revision, due = ModuleVersion.parse(version).revision, count - index
        if revision != due:
            message = f"entries[{index}].version: the revision is {revision}, not {due}"
            hint = f"it counts the entries and never resets: write {version.partition('-')[0]}-{due}"
            yield parsed.problem(("entries", index, "version"), message, hint=hint)


def _versions_fall(changelog: Changelog, parsed: Parsed) -> Iterator[Problem]:
    for index, older, newer in _neighbours(changelog, "version"):
        if ModuleVersion.parse(older).numbers > ModuleVersion.parse(newer).numbers:
            message = f"entries[{index}].version: {older} is higher than {newer} above it"
            yield parsed.problem(("entries", index, "version"), message, hint="the newest entry comes first")


def _dates_fall(changelog: Changelog, parsed: Parsed) -> Iterator[Problem]:
    for index, older, newer in _neighbours(changelog, "date"):
        if older >= newer:
            message = f"entries[{index}].date: {older} is not before {newer} above it"
            hint = "the newest entry comes first, and no two have one date"
            yield parsed.problem(("entries", index, "date"), message, hint=hint)


def _neighbours(changelog: Changelog, field: str) -> Iterator[tuple[int, str, str]]:
    # Each value with the nearest known one above it: what falls, falls over a gap too.
    values = list(numbered(column(changelog.entries, field)))
    return ((index, older, newer) for (_, newer), (index, older) in pairwise(values))


def _manifest(manifest: Manifest, parsed: Parsed) -> Iterator[Problem]:
    names = column(manifest.modules, "name")
    yield from _twice(parsed, ("modules",), names, below="name")
    if "core" not in names:
        hint = "every image has it: add {name: core, version: ...}"
        yield parsed.problem(("modules",), "modules: the module 'core' is missing", hint=hint, key=True)


def _verity(manifest: Manifest, parsed: Parsed) -> Iterator[Problem]:
    if manifest.verity and manifest.layout != "flat":
        message = "verity: a layered image has no single root to check"
        yield parsed.problem(("verity",), message, hint="remove it, or write `layout: flat`", key=True)


def _platform(platform: Platform, parsed: Parsed) -> Iterator[Problem]:
    for table in ("users", "groups"):
        yield from _ids(platform, table, parsed)


@as_far_as_known
def _ids(platform: Platform, table: str, parsed: Parsed) -> Iterator[Problem]:
    owners: dict[int, str] = {}
    for name, number in getattr(platform.accounts, table).items():
        first = owners.setdefault(number, name)
        if first != name:
            way: Keys = ("accounts", table, name)
            yield parsed.problem(way, f"{way_text(way)}: {number} is the id of {first!r} already")


def _lists(*keys: str) -> Iterator[Rule]:
    # A rule for each key: one that is faulty keeps no other from being looked at.
    for key in keys:

        def rule(document: Document, parsed: Parsed, key: str = key) -> Iterator[Problem]:
            return _twice(parsed, (key,), getattr(document, key.replace("-", "_")))

        yield rule


def _twice(parsed: Parsed, way: Keys, words: Iterable[str], *, below: str = "") -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, word in numbered(words):
        first = seen.setdefault(word, index)
        if first != index:
            place = (*way, index, below) if below else (*way, index)
            message = f"{way_text(place)}: {word!r} is there twice"
            yield parsed.problem(place, message, hint=f"it is {way_text((*way, first))} already; remove one")


# By the names of models: a command that reads one kind of document does not load the models of all.
RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "Changelog": (_revisions, _versions_fall, _dates_fall),
    "Disks": (_disks,),
    "Manifest": (_manifest, _verity),
    "Platform": (_platform,),
    "Recipe": (
        _license,
        *_lists("platforms", "depends", "conflicts", "provides", "accounts"),
        _packages,
        _build,
        _destinations,
        _contents,
    ),
    "RepositoryDocument": (*_lists("channels", "keys"), _repository),
    "SiteDocument": (*_lists("root-keys"), _site_files, _resolver),
}
