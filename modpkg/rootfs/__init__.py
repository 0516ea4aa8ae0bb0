"""Root filesystems: what a module adds to the tree below it."""
