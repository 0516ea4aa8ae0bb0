"""Checks that modules make an image together, before anything is written: all findings at once.

Looks at module.json only: no fragment is opened.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from modpkg.image.finding import CheckError, Finding, finding_of
from modpkg.image.order import in_order
from modpkg.image.paths import DIGEST_SHOWN, driver_findings, path_findings
from modpkg.image.relations import relation_findings
from modpkg.image.shape import shape_findings
from modpkg.model.module import ASSEMBLY_FORMAT
from modpkg.rootfs.state.conflict import Side
from modpkg.rootfs.state.merge import unite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from modpkg.model.module import LowerModule, Module

CORE: Final = "core"


def check(modules: Sequence[Module]) -> None:
    """Raise CheckError with all that keeps modules from being one image."""
    findings = find(modules)
    if findings:
        raise CheckError(findings)


def find(modules: Sequence[Module]) -> tuple[Finding, ...]:
    """Give all that keeps modules from being one image, sorted."""
    ordered = in_order(modules)
    unreadable = tuple(sorted(_format_findings(ordered)))
    # Another format gives every other field another meaning, so there is nothing more to say.
    return unreadable or tuple(sorted({finding for look in LOOKS for finding in look(ordered)}))


def _format_findings(modules: Sequence[Module]) -> Iterator[Finding]:
    for module in modules:
        if module.assembly_format != ASSEMBLY_FORMAT:
            yield Finding(
                about=f"module {module.name}",
                what=f"assembly format {module.assembly_format}; this modpkg knows {ASSEMBLY_FORMAT}",
                hint="use the modpkg that built it, or a newer one",
            )


def _name_findings(modules: Sequence[Module]) -> Iterator[Finding]:
    counts = Counter(module.name for module in modules)
    if CORE not in counts:
        yield Finding(about=f"module {CORE}", what="is missing", hint="every image has it: add it")
    for name in sorted(name for name, count in counts.items() if count > 1):
        versions = sorted(Side(name, module.version) for module in modules if module.name == name)
        yield Finding(about=f"module {name}", what="is there more than once", sides=tuple(versions))


def _platform_findings(modules: Sequence[Module]) -> Iterator[Finding]:
    sides = sorted(Side(module.name, f"{module.platform} {module.architecture}") for module in modules)
    if len({side.has for side in sides}) > 1:
        yield Finding(about="platform", what="modules of one image have one", sides=tuple(sides))


def _lower_findings(modules: Sequence[Module]) -> Iterator[Finding]:
    present = {module.name: module for module in modules}
    for module in modules:
        for lower in module.depends:
            yield from _lower_finding(module, lower, present.get(lower.name))


def _lower_finding(module: Module, lower: LowerModule, there: Module | None) -> Iterator[Finding]:
    about = f"module {module.name}"
    built = f"{lower.name} {lower.version}"
    if there is None:
        yield Finding(about=about, what=f"was built on {built}, which is missing", hint=f"add {lower.name}")
    elif there.fragment.sha256 != lower.fragment:
        sides = (
            Side(module.name, f"{built} (fragment {lower.fragment[:DIGEST_SHOWN]})"),
            Side(
                "the image", f"{there.name} {there.version} (fragment {there.fragment.sha256[:DIGEST_SHOWN]})"
            ),
        )
        yield Finding(
            about=about,
            what=f"was built on another {lower.name}",
            sides=sides,
            hint=f"build {module.name} again, or take the {lower.name} it was built on",
        )


def _conflict_findings(modules: Sequence[Module]) -> Iterator[Finding]:
    for module in modules:
        for other in modules:
            names = {other.name, *other.provides} & set(module.conflicts)
            if other is not module and names:
                yield Finding(
                    about=f"module {module.name}",
                    what=f"conflicts with {', '.join(sorted(names))}",
                    sides=(Side(module.name, module.version), Side(other.name, other.version)),
                )


def _state_findings(modules: Sequence[Module]) -> Iterator[Finding]:
    yield from map(finding_of, unite({module.name: module.state for module in modules}).conflicts)


LOOKS: Final[tuple[Callable[[Sequence[Module]], Iterator[Finding]], ...]] = (
    _name_findings,
    _platform_findings,
    _lower_findings,
    _conflict_findings,
    shape_findings,
    path_findings,
    driver_findings,
    _state_findings,
    relation_findings,
)
