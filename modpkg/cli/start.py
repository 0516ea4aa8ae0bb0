"""Where the installed program begins. It loads nothing before it can be interrupted."""

from __future__ import annotations

import sys

EXIT_INTERRUPTED = 130


def main() -> None:
    """Load the program and run it; who interrupts it while it loads gets no traceback."""
    try:
        from modpkg.cli.program import main as run  # noqa: PLC0415 - this takes most of a short command's time

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(EXIT_INTERRUPTED)
