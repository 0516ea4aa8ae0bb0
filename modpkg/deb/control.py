"""The control stanza of a module's .deb.

Pure. Never an empty field, never a line that could begin another field.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.formats import relations
from modpkg.formats.package_docs import paragraphs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from modpkg.formats.payload import Entry
    from modpkg.formats.relations import Relation
    from modpkg.model.module import Module

WIDTH: Final = 79
KIBIBYTE: Final = 1024
LINE: Final = re.compile(r"[^\x00-\x1f\x7f]*")


def control_fields(module: Module, entries: Iterable[Entry]) -> dict[str, str]:
    """Give the fields of the control file in their order; those without a value are left out."""
    fields = {
        "Package": module.package_name,
        "Version": module.version,
        "Architecture": module.architecture,
        "Maintainer": module.maintainer,
        "Installed-Size": str(installed_size(entries)),
        "Depends": _relations(relations.requires(module)),
        "Conflicts": _relations(relations.conflicts(module)),
        "Provides": _relations(relations.provides(module)),
        "Built-Using": _built_using(module),
        "Section": "admin",
        "Priority": "optional",
        "Multi-Arch": "foreign",
        "Homepage": module.homepage,
        "Modpkg-Module": module.name,
        "Modpkg-Platform": module.platform,
        "Modpkg-Assembly-Format": str(module.assembly_format),
        "Modpkg-Fragment-Sha256": module.fragment.sha256,
        "Modpkg-Fragment-Size": str(module.fragment.size),
        "Modpkg-Marks": " ".join(module.marks),
        "Description": f"{module.summary}\n{_description(module)}",
    }
    return {name: value for name, value in fields.items() if value}


def stanza(fields: Mapping[str, str]) -> str:
    """Give fields as the text of a control file; raises ModpkgError where a value would break it."""
    return "".join(f"{name}: {_checked(name, value)}\n" for name, value in fields.items())


def installed_size(entries: Iterable[Entry]) -> int:
    """Give the installed size in KiB by Debian's rule: whole KiB for a file, one for anything else."""
    return sum(-(-entry.size // KIBIBYTE) if entry.kind != "directory" else 1 for entry in entries)


def _relations(found: Iterable[Relation]) -> str:
    return ", ".join(
        f"{relation.name} (= {relation.version})" if relation.version else relation.name for relation in found
    )


def _built_using(module: Module) -> str:
    sources = {f"{package.source} (= {package.source_version})" for package in module.packages}
    return ", ".join(sorted(sources))


def _description(module: Module) -> str:
    return "\n .\n".join(_folded(text) for text in paragraphs(module))


def _folded(text: str) -> str:
    return textwrap.fill(
        text,
        width=WIDTH,
        initial_indent=" ",
        subsequent_indent=" ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _checked(name: str, value: str) -> str:
    first, *others = value.split("\n")
    sound = all(LINE.fullmatch(line) for line in (first, *others))
    if not first.strip() or not sound or not all(line.startswith(" ") and line.strip() for line in others):
        raise ModpkgError(f"cannot write the field {name}: its value breaks the control file: {value!r}")
    return value
