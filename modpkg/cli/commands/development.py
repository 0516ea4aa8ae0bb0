"""Commands for those who work on modpkg itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command

if TYPE_CHECKING:
    from modpkg.cli.checks import CheckReport
    from modpkg.cli.options import Session


@command(
    name="test",
    helps={
        "quick": "Run the unit tests only.",
        "select": "Run only tests whose names match this expression, as pytest -k does.",
    },
    shows_output=True,
)
def run_tests(session: Session, *, quick: bool = False, select: str | None = None) -> CheckReport:
    """Check this checkout: format, lint, types, layers, shell, spelling, all tests.

    Example: modpkg test --select "version and not boot"
    """
    from modpkg.cli.checks import plan_checks, run_checks

    checks = plan_checks(session.project, quick=quick, select=select)
    return run_checks(checks, project=session.project, sink=session.sink)
