from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from modpkg.events import Event, Warned
from modpkg.host.run import running
from modpkg.pipeline.signing import find_signer
from tests.support.repos import make_document

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.openpgp.sign import Signer

pytestmark = pytest.mark.programs
DOCUMENT = make_document(None)
FINDER = """\
import sys
from pathlib import Path
from modpkg.pipeline.signing import find_signer
from tests.support.repos import make_document
print(find_signer(make_document(None), home=Path(sys.argv[1])).key.fingerprint)
"""


def test_a_key_is_made_once_and_said(tmp_path: Path) -> None:
    home, events = tmp_path / "gnupg", list[Event]()
    made = find_signer(DOCUMENT, home=home, sink=events.append)
    (said,) = events
    assert isinstance(said, Warned)
    assert made.key.fingerprint in said.message
    assert str(home) in said.message
    assert home.stat().st_mode & 0o777 == 0o700
    assert find_signer(DOCUMENT, home=home, sink=events.append) == made
    assert len(events) == 1


def test_two_who_ask_at_once_get_one_key(tmp_path: Path) -> None:
    lines: list[str] = []
    words = [sys.executable, "-c", FINDER, str(tmp_path / "gnupg")]
    with ExitStack() as stack:
        children = [stack.enter_context(running(words, on_line=lines.append)) for _ in range(2)]
        assert [child.wait(60) for child in children] == [0, 0]
    assert len(lines) == 2
    assert lines[0] == lines[1]


def test_the_key_that_the_document_names_is_taken(signer: Signer) -> None:
    document = make_document(None, key=signer.key.fingerprint)
    assert find_signer(document, home=signer.home) == signer
