"""How commands find an image directory, and read what is known of it."""

from __future__ import annotations

from modpkg.pipeline.images import find_image, read_image

__all__ = ["find_image", "read_image"]
