"""Debian packages: written directly, read back."""
