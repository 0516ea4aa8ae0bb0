"""Where the user's configuration lies. What it says is the model's; reading it is the pipeline's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping


def find_config(environ: Mapping[str, str]) -> Path | None:
    """Give the user's configuration file, or None when there is none.

    Raises BadInputError when MODPKG_CONFIG names a file that does not exist.
    """
    if named := environ.get("MODPKG_CONFIG"):
        path = Path(named)
        if not path.is_file():
            raise BadInputError("cannot find the configuration that MODPKG_CONFIG names", where=named)
        return path
    path = default_path(environ)
    return path if path.is_file() else None


def default_path(environ: Mapping[str, str]) -> Path:
    """Give where the configuration is looked for when MODPKG_CONFIG is not set."""
    base = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or Path.home()) / ".config"
    return Path(base) / "modpkg" / "config.yaml"
