"""The fragment: trees to squashfs and back."""
