from pathlib import Path

import pytest

from modpkg.cli import checks
from modpkg.cli.commands.development import run_tests
from tests.support.checkout import Checkout
from tests.support.sessions import called, session_of


@pytest.mark.parametrize("quick", [True, False])
def test_the_checks_of_the_checkout_are_planned_and_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, quick: bool
) -> None:
    checkout = Checkout.made(tmp_path)
    planned: list[tuple[Path, object, object]] = []
    ran: list[tuple[object, Path]] = []

    def plan(project: Path, *, quick: bool, select: str | None) -> str:
        planned.append((project, quick, select))
        return "the plan"

    def run(plan: object, *, project: Path, sink: object) -> str:
        del sink
        ran.append((plan, project))
        return "the report"

    monkeypatch.setattr(checks, "plan_checks", plan)
    monkeypatch.setattr(checks, "run_checks", run)
    assert called(run_tests, session_of(checkout), quick=quick, select="version") == "the report"
    assert planned == [(checkout.root, quick, "version")]
    assert ran == [("the plan", checkout.root)]
