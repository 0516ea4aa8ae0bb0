import re
from pathlib import Path

import pytest

from modpkg.cli.program import command_collection

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"(?:invoke|modpkg) ([a-z]+(?:-[a-z]+)*)\b")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_reference_has_every_command_and_no_other() -> None:
    text = (ROOT / "docs" / "reference" / "commands.md").read_text()
    table = text[text.index("| command | does |") : text.index("## Options")]
    assert sorted(re.findall(r"^\| `([a-z-]+)", table, re.MULTILINE)) == sorted(
        command_collection().task_names
    )


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_of_pages_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_that_pages_show_exist(page: Path) -> None:
    shown = [line.strip() for line in page.read_text().splitlines() if line.startswith("    ")]
    commands = [match[1] for line in shown if (match := COMMAND.search(line)) and "bootstrap" in line]
    known = command_collection().task_names
    assert [command for command in commands if command not in known] == []


def test_every_page_can_be_found_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / link).resolve() for link in LINK.findall(index.read_text())}
    pages = {path for path in PAGES if path.parent != ROOT and path != index}
    unlinked = {path for path in pages - linked if "decisions" not in path.parts}
    assert sorted(map(name, unlinked)) == []
