"""Sessions as commands get them, and commands as functions: without a command line around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modpkg.cli.options import Session
from modpkg.events import Sink, ignore

if TYPE_CHECKING:
    from modpkg.cli.command import Command
    from tests.support.checkout import Checkout


def session_of(checkout: Checkout, *, sink: Sink = ignore, **environ: str) -> Session:
    """Give a session in a checkout, with the store of its workshops."""
    return Session(
        project=checkout.root,
        work=checkout.root / "build",
        store=checkout.store.root,
        sink=sink,
        environ={"HOME": str(checkout.root), "SOURCE_DATE_EPOCH": "1750000000", **environ},
    )


def called(command: Command, session: Session, *words: str, **options: Any) -> Any:
    """Call what a command does and give its result, or let its error pass."""
    function = command.body.__wrapped__
    return function(session, *words, **options)
