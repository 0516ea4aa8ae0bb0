"""Commands about the share that nodes mount: its documents, and the plan that nodes read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results.files import FilesResult


@command(helps={"share": "Directory that nodes mount at /srv/common."})
def lint_files(session: Session, share: str) -> FilesResult:
    """Check the files documents of a share, and tell all faults at once. Nothing is written.

    Example: modpkg lint-files /srv/common
    """
    from pathlib import Path

    from modpkg.cli.results.files import files_result
    from modpkg.pipeline.files import plan_files

    del session
    return files_result(plan_files(Path(share)), is_written=False)


@command(
    helps={
        "share": "Directory that nodes mount at /srv/common.",
        "dry_run": "Tell what would change and write nothing.",
    }
)
def files(session: Session, share: str, *, dry_run: bool = False) -> FilesResult:
    """Check the files documents of a share and write the plan that its nodes apply.

    Example: modpkg files /srv/common
    """
    from pathlib import Path

    from modpkg.cli.results.files import files_result
    from modpkg.pipeline.files import plan_files, write_files

    del session
    planned = plan_files(Path(share))
    is_written = planned.is_new and not dry_run
    if is_written:
        write_files(planned)
    return files_result(planned, is_written=is_written)
