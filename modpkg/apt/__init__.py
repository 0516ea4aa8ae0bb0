"""Debian repositories."""
