"""The boot archive of a node."""
