"""What diff-images, outdated and update answer: small frozen values. Nothing is worked out here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from modpkg.errors import EXIT_FAILED, BadInputError

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.image.changes import FileChange, ModuleChange, PackageChange
    from modpkg.image.fixes import SecurityFix
    from modpkg.image.reboot import Reboot
    from modpkg.image.services import ServiceChange
    from modpkg.pipeline.diff_images import ImageDiff, ImageSide
    from modpkg.pipeline.outdated import OutdatedImage, OutdatedModule
    from modpkg.pipeline.update_image import UpdatedImage

Format = Literal["text", "markdown", "html"]


def parse_format(text: str) -> Format:
    """Read the value of `--format`."""
    if text not in get_args(Format):
        raise BadInputError(
            f"cannot show changes as {text!r}",
            where="--format",
            hint=f"choose one of {', '.join(get_args(Format))}; --output json is for programs",
        )
    return cast("Format", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSummary:
    """How many files of a module are added, removed and changed."""

    module: str
    added: int
    removed: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffResult:
    """What changes from one image to another; `files` are listed only when they were asked for.

    `untold` are sources whose changelogs do not reach back to the older version: there may be more fixes.
    """

    old: ImageSide
    new: ImageSide
    reboot: Reboot
    modules: tuple[ModuleChange, ...]
    packages: tuple[PackageChange, ...]
    fixes: tuple[SecurityFix, ...]
    untold: tuple[str, ...]
    services: tuple[ServiceChange, ...]
    file_summary: tuple[FileSummary, ...]
    files: tuple[FileChange, ...]

    def as_text(self) -> str:
        """Give it for a terminal."""
        from modpkg.cli.pages.text import text_page  # noqa: PLC0415 - pages show results

        return text_page(self)


class MarkdownDiff(DiffResult):
    """The same, shown for a ticket."""

    __slots__ = ()

    def as_text(self) -> str:
        """Give it as Markdown."""
        from modpkg.cli.pages.text import markdown_page  # noqa: PLC0415 - pages show results

        return markdown_page(self)


class HtmlDiff(DiffResult):
    """The same, shown as a page."""

    __slots__ = ()

    def as_text(self) -> str:
        """Give it as HTML."""
        from modpkg.cli.pages.html import html_page  # noqa: PLC0415 - the templates' engine is slow to load

        return html_page(self)


KINDS: Final[dict[Format, type[DiffResult]]] = {
    "text": DiffResult,
    "markdown": MarkdownDiff,
    "html": HtmlDiff,
}


def diff_result(diff: ImageDiff, *, files: bool, form: Format = "text") -> DiffResult:
    """Tell what changes, to be shown in one form."""
    return KINDS[form](
        old=diff.old,
        new=diff.new,
        reboot=diff.reboot,
        modules=diff.modules,
        packages=diff.packages,
        fixes=diff.fixes.fixes,
        untold=diff.fixes.untold,
        services=diff.services,
        file_summary=tuple(_summary(diff.files)),
        files=diff.files if files else (),
    )


def _summary(files: tuple[FileChange, ...]) -> list[FileSummary]:
    counts = Counter((change.module, change.step) for change in files)
    return [
        FileSummary(
            module=module,
            added=counts[module, "added"],
            removed=counts[module, "removed"],
            changed=counts[module, "changed"],
        )
        for module in sorted({module for module, _ in counts})
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutdatedImageResult:
    """An image, the state of its lock, what renews it, and what is wrong, if anything is."""

    name: str
    channel: str
    lock: str
    update: str
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutdatedResult:
    """Images, and their modules of which there are newer ones."""

    images: tuple[OutdatedImageResult, ...]
    modules: tuple[OutdatedModule, ...]
    is_outdated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedResult(OutdatedResult):
    """The same with an exit code: 1 when an update would change a lock, or that cannot be told."""

    @property
    def exit_code(self) -> int:
        """Tell whether something is to be done."""
        return EXIT_FAILED if self.is_outdated else 0


def outdated_result(found: tuple[OutdatedImage, ...], *, ask: bool) -> OutdatedResult:
    """Tell what is newer; `ask` is whether the exit code says it too."""
    kind = AskedResult if ask else OutdatedResult
    return kind(
        images=tuple(
            OutdatedImageResult(
                name=one.name, channel=one.channel, lock=one.lock, update=one.update, fault=one.fault
            )
            for one in found
        ),
        modules=tuple(module for image in found for module in image.modules),
        is_outdated=any(image.needs_work for image in found),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateResult:
    """A renewed lock and what it changes; without an older lock there is nothing to compare with."""

    name: str
    version: str
    lock: Path
    is_written: bool
    moved: tuple[str, ...]
    held_back: tuple[str, ...]
    untold: str
    diff: DiffResult | None

    def as_text(self) -> str:
        """Give what was done, then what it changes."""
        verb = "written" if self.is_written else "not written"
        lines = [f"{self.name} {self.version}: {self.lock} {verb}"]
        lines += [f"  moved with it: {line}" for line in self.moved]
        lines += [f"  held back: {line}" for line in self.held_back]
        lines += [f"  {self.untold}"] if self.untold else []
        if self.diff:
            lines += ["", self.diff.as_text()]
        return "\n".join(lines)


def update_result(updated: UpdatedImage) -> UpdateResult:
    """Tell what an update did."""
    return UpdateResult(
        name=updated.lock.name,
        version=updated.lock.version,
        lock=updated.path,
        is_written=updated.is_written,
        moved=updated.moved,
        untold=updated.untold,
        held_back=updated.held_back,
        diff=diff_result(updated.diff, files=False) if updated.diff else None,
    )
