"""Turns standard Debian and RPM packages into the operating system of diskless cluster nodes."""
