"""From fragments to one bootable image."""
