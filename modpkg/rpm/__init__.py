"""RPM packages: written directly, read back."""
