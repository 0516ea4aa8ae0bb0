"""The texts in /usr/share/doc of a module's package: changelog, copyright, list of packages.

Pure: a text is a function of the module alone. Dates are those of the changelog, in UTC.
"""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modpkg.model.module import ChangelogEntry, IncludedPackage, Module

WIDTH: Final = 79
# DEP-5 demands this very address as the name of its format.
COPYRIGHT_FORMAT: Final = "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
COMMON_LICENSES: Final = {
    "Apache-2.0": "Apache-2.0",
    "GPL-2.0-only": "GPL-2",
    "GPL-2.0-or-later": "GPL-2",
    "GPL-3.0-only": "GPL-3",
    "GPL-3.0-or-later": "GPL-3",
    "LGPL-2.1-or-later": "LGPL-2.1",
    "LGPL-3.0-or-later": "LGPL-3",
}


def moment(entry: ChangelogEntry) -> datetime:
    """Give the date of a changelog entry in UTC."""
    return datetime.fromisoformat(entry.date).astimezone(UTC)


def changelog_text(module: Module) -> str:
    """Give the changelog in Debian's form, newest entry first."""
    return "\n".join(_changelog_entry(module, entry) for entry in module.changelog)


def _changelog_entry(module: Module, entry: ChangelogEntry) -> str:
    head = f"{module.package_name} ({entry.version}) {module.platform}; urgency={entry.urgency}"
    changes = "\n".join(_bullet(change, "  ") for change in entry.changes)
    # RFC 5322 is the same in every locale; strftime is not.
    return f"{head}\n\n{changes}\n\n -- {entry.author}  {format_datetime(moment(entry))}\n"


def _bullet(text: str, indent: str) -> str:
    return textwrap.fill(
        text,
        width=WIDTH,
        initial_indent=f"{indent}* ",
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def paragraphs(module: Module) -> tuple[str, ...]:
    """Give the long description of a package: the module's own, and what the package holds."""
    last = (
        f"This package holds one squashfs fragment, the module {module.name} of the platform "
        f"{module.platform}, from which modpkg assembles images of nodes."
    )
    found = (" ".join(text.split()) for text in re.split(r"\n\s*\n", module.description))
    return (*(text for text in found if text), last)


def package_list(module: Module) -> str:
    """Give a line "name version source" for each distribution package of the module, sorted."""
    return "".join(
        sorted(f"{package.name} {package.version} {package.source}\n" for package in module.packages)
    )


def copyright_text(module: Module) -> str:
    """Give the copyright file, in DEP-5 form: the module itself, then the packages inside its fragment."""
    years = sorted({moment(entry).year for entry in module.changelog})
    span = str(years[0]) if len(years) == 1 else f"{years[0]}-{years[-1]}"
    head = [
        f"Format: {COPYRIGHT_FORMAT}",
        f"Upstream-Name: {module.name}",
        f"Source: {module.homepage}",
        *_comment(module),
    ]
    body = ["Files: *", f"Copyright: {span} {module.maintainer}", f"License: {module.license}"]
    return "\n".join([*head, "", *body, *_license_text(module.license)]) + "\n"


def _comment(module: Module) -> Iterator[str]:
    if not module.packages:
        return
    yield "Comment:"
    yield " The license below is that of the recipe. The fragment holds files of these"
    yield " packages, each under its own license:"
    yield " ."
    yield from sorted(f"  {_package_line(package)}" for package in module.packages)


def _package_line(package: IncludedPackage) -> str:
    license_name = f" ({package.license})" if package.license else ""
    return f"{package.name} {package.version}{license_name}"


def _license_text(expression: str) -> Iterator[str]:
    # An SPDX expression may join several: each that Debian has a text of is named, the others by themselves.
    names = [name for name in re.split(r"[()\s]+", expression) if name not in {"", "AND", "OR", "WITH"}]
    for name in names:
        which = "this license" if len(names) == 1 else name
        common = COMMON_LICENSES.get(name)
        if common:
            yield f" The full text of {which} is, on Debian systems, in"
            yield f" /usr/share/common-licenses/{common}."
        elif len(names) == 1:
            yield f" The full text of this license is known by its SPDX name, {name}."
        else:
            yield f" The full text of {name} is known by that SPDX name."
