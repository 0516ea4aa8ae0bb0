"""Measures how long a user waits before a command begins: bootstrap with nothing to do, and the list of commands.

Usage: ./bootstrap python -m benchmarks.start [ROUNDS]
Exit status: 0 where every figure is reached, 1 where one is not. The best of all rounds counts: it is the one
that other work on the machine disturbed least.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from modpkg.host.run import Stopwatch, run

CHECKOUT: Final = Path(__file__).parents[1]
BOOTSTRAP: Final = str(CHECKOUT / "bootstrap")
MOST_SECONDS: Final = {
    ("true",): 0.3,
    ("invoke", "--list"): 0.5,
    ("modpkg", "--list"): 0.5,
    ("modpkg", "--help", "build-module"): 0.5,
}


def main() -> int:
    """Measure and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    print(f"{'command':<42}{'seconds':>9}{'at most':>9}")
    reached = True
    for words, most in MOST_SECONDS.items():
        best = min(_seconds(words) for _ in range(rounds))
        reached &= best <= most
        print(f"./bootstrap {' '.join(words):<30}{best:>9.3f}{most:>9.1f}")
    return 0 if reached else 1


def _seconds(words: tuple[str, ...]) -> float:
    watch = Stopwatch.started()
    run([BOOTSTRAP, *words], cwd=CHECKOUT)
    return watch.seconds


if __name__ == "__main__":
    sys.exit(main())
