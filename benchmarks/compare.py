"""Measures how long it takes to compare two images and to prove one.

Usage: ./bootstrap python -m benchmarks.compare [--output json]
Runs the demo without its boot, in the user's store and work directory, then builds the image minimal from the
same repository; what is built already is not built again. The best of three rounds counts; "cold" is the first
comparison of these modules, when their fragments are looked into. Exit status: 0 where every figure is reached,
1 where one is not.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.measure import CHECKOUT, Goal, Report, best, invoke, measured, parser, show
from modpkg.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measure import Row

DIFF_SECONDS: Final = 1
VERIFY_SECONDS: Final = 10
ROUNDS: Final = 3


def main() -> int:
    """Measure and print the table."""
    chosen = parser(__doc__).parse_args()
    report = Report(title="comparing and proving images")
    _answer(invoke("demo", "--no-boot", "--output", "json"), CHECKOUT)
    # The demo works in its own copy of the recipes: its locks, releases and repository are there.
    own = Path(os.environ.get("MODPKG_WORK") or CHECKOUT / "build").absolute() / "demo"
    _answer(invoke("lock", "minimal", "--work", own, "--output", "json"), own)
    for name in ("minimal", "compute"):
        _answer(invoke("build-image", name, "--work", own, "--output", "json"), own)
    _forget(Store.default(os.environ))
    words = invoke("diff-images", "minimal", "compute", "--work", own, "--output", "json")
    cold, done = measured("diff-images minimal compute, cold", words, cwd=own)
    warm = _best("diff-images minimal compute", words, own)
    page = _best("diff-images, as HTML with files", [*words[:-2], "--format", "html", "--files"], own)
    proof = _best("verify-image compute", invoke("verify-image", "compute", "--work", own), own)
    report.rows += [cold, warm, page, proof]
    diff: dict[str, Any] = json.loads(done.stdout)
    report.lists["what was compared"] = [
        (name, f"{len(diff[name]):6}") for name in ("modules", "packages", "services", "file_summary")
    ]
    report.goals += [
        Goal(name="diff-images", value=max(warm.wall, page.wall), most=DIFF_SECONDS, unit="s"),
        Goal(name="verify-image", value=proof.wall, most=VERIFY_SECONDS, unit="s"),
    ]
    return show(report, output=chosen.output)


def _best(name: str, words: Sequence[str | Path], place: Path) -> Row:
    return best([measured(name, words, cwd=place)[0] for _ in range(ROUNDS)])


def _answer(words: Sequence[str | Path], place: Path) -> None:
    measured("", words, cwd=place)


def _forget(store: Store) -> None:
    # Only a cache: what was read out of fragments before.
    for path in (store.root / "builds").glob("inside-*.json"):
        path.unlink()


if __name__ == "__main__":
    sys.exit(main())
