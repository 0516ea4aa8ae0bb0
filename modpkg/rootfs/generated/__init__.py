"""Files that programs make from the files of all packages together: which there are, and when they are made."""
