"""Puts single packages into a pool, as a publication puts many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.pipeline.pool import Pooled, intake

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.repository import Places


def add_to_pool(places: Places, source: Path, *, file_name: str) -> Pooled:
    """Take in one package."""
    with intake(places) as taking:
        return taking.add(source, file_name=file_name)
