"""A node that boots an image."""
