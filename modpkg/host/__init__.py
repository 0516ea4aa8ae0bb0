"""The machine: other programs, files, mounts, namespaces."""
