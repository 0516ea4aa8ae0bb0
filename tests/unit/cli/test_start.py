import sys
from types import ModuleType

import pytest

from modpkg.cli import start
from modpkg.errors import EXIT_INTERRUPTED


class Interrupting(ModuleType):
    """A module whose loading somebody interrupts."""

    def __getattr__(self, name: str) -> None:
        raise KeyboardInterrupt


def test_an_interrupted_start_is_a_line_and_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "modpkg.cli.program", Interrupting("program"))
    with pytest.raises(SystemExit) as end:
        start.main()
    assert end.value.code == EXIT_INTERRUPTED == start.EXIT_INTERRUPTED
    assert capsys.readouterr().err == "interrupted\n"
