"""Changes of an image as one HTML page that needs nothing else: no script, no file beside it, no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from modpkg.cli.pages.text import delta, file_line, fix_line, headline, sizes, untold_lines

if TYPE_CHECKING:
    from modpkg.cli.results.changes import DiffResult

TEMPLATES: Final = Path(__file__).parent


def html_page(result: DiffResult) -> str:
    """Give the page. All that it shows is escaped: names and changelogs are written by strangers."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("changes.html.j2").render(
        result=result,
        title=headline(result),
        sizes=sizes(result),
        delta=delta,
        fix_line=fix_line,
        file_line=file_line,
        untold=untold_lines(result),
    )
