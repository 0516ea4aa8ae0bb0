"""A step of a workflow: says when it begins, and how long it took when it ends well."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from modpkg.events import Sink, StepFinished, StepStarted
from modpkg.host.run import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def step(name: str, sink: Sink, *, reason: str = "") -> Iterator[None]:
    """Emit StepStarted, then StepFinished with wall and CPU seconds."""
    watch = Stopwatch.started()
    sink(StepStarted(name, reason))
    yield
    sink(StepFinished(name, watch.seconds, watch.cpu_seconds, reason))
