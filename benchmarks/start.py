"""Measures how long a user waits before a command begins: bootstrap with nothing to do, and the list of commands.

Usage: ./bootstrap python -m benchmarks.start [--rounds N] [--output json]
Exit status: 0 where every figure is reached, 1 where one is not. The best of all rounds counts: it is the one
that other work on the machine disturbed least.
"""

from __future__ import annotations

import sys
from typing import Final

from benchmarks.measure import CHECKOUT, Goal, Report, best, measured, parser, show

BOOTSTRAP: Final = CHECKOUT / "bootstrap"
MOST_SECONDS: Final = {
    ("true",): 0.3,
    ("invoke", "--list"): 0.5,
    ("modpkg", "--list"): 0.5,
    ("modpkg", "--help", "build-module"): 0.5,
}


def main() -> int:
    """Measure and print the table."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=7)
    chosen = options.parse_args()
    report = Report(title="start of commands")
    for words, most in MOST_SECONDS.items():
        name = f"./bootstrap {' '.join(words)}"
        rows = [measured(name, [BOOTSTRAP, *words])[0] for _ in range(chosen.rounds)]
        report.rows.append(best(rows))
        report.goals.append(Goal(name=name, value=min(row.wall for row in rows), most=most, unit="s"))
    return show(report, output=chosen.output)


if __name__ == "__main__":
    sys.exit(main())
